package testbed_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/testbed"
)

func listening(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// echo answers what it is sent, over TCP and UDP on one port.
func echo(t *testing.T) string {
	t.Helper()
	address := testbed.FreeAddress(t)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	packets, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			})
		}
	})
	running.Go(func() {
		buffer := make([]byte, 2048)
		for {
			n, from, err := packets.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = packets.WriteTo(buffer[:n], from)
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		_ = packets.Close()
		running.Wait()
	})
	return address
}

type line struct {
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, address string) line {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return line{conn, bufio.NewReader(conn)}
}

// say sends a line and waits up to limit for its echo.
func (l line) say(limit time.Duration) error {
	if _, err := io.WriteString(l, "hello\n"); err != nil {
		return err
	}
	if err := l.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	answer, err := l.in.ReadString('\n')
	if err == nil && answer != "hello\n" {
		return fmt.Errorf("answer %q", answer)
	}
	return err
}

func TestProxyDelaysPausesAndGoesOn(t *testing.T) {
	p := testbed.Proxy(t, echo(t))
	l := dial(t, p.Addr())
	if err := l.say(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	p.SetDelay(100 * time.Millisecond)
	start := time.Now()
	if err := l.say(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 200*time.Millisecond {
		t.Errorf("there and back took %s, want 200ms at least", took)
	}
	p.SetDelay(0)
	p.Pause()
	if err := l.say(100 * time.Millisecond); err == nil {
		t.Error("a paused proxy hands things on")
	}
	p.Resume()
	if err := l.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if answer, err := l.in.ReadString('\n'); err != nil || answer != "hello\n" {
		t.Errorf("after Resume got %q, %v", answer, err)
	}
	if got := p.Counts(); got.Connections != 1 || got.BytesUp != 18 || got.BytesDown != 18 || got.Dropped != 0 {
		t.Errorf("Counts = %+v", got)
	}
}

func TestProxyDropsCutsAndHeals(t *testing.T) {
	p := testbed.Proxy(t, echo(t))
	l := dial(t, p.Addr())
	if err := l.say(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	p.Drop()
	if err := l.say(5 * time.Second); err == nil {
		t.Error("a dropped connection answers")
	}
	l = dial(t, p.Addr())
	if err := l.say(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	p.Cut()
	if err := l.say(5 * time.Second); err == nil {
		t.Error("a cut connection answers")
	}
	if conn, err := net.Dial("tcp", p.Addr()); err == nil { // the reset may come that early
		if err := (line{conn, bufio.NewReader(conn)}).say(5 * time.Second); err == nil {
			t.Error("a cut proxy carries new connections")
		}
		_ = conn.Close()
	}
	p.Heal()
	if err := dial(t, p.Addr()).say(5 * time.Second); err != nil {
		t.Error(err)
	}
	if got := p.Counts(); got.Connections != 3 || got.Dropped != 2 || got.Refused != 1 {
		t.Errorf("Counts = %+v, want 3 connections, 2 dropped, 1 refused", got)
	}
}

func TestProxyPassesTheEndOfInputOn(t *testing.T) {
	p := testbed.Proxy(t, echo(t))
	p.SetDelay(20 * time.Millisecond)
	conn := dial(t, p.Addr())
	sent := make([]byte, 3<<20) // more than all queues hold
	var sender sync.WaitGroup
	sender.Go(func() {
		_, _ = conn.Write(sent)
		_ = conn.Conn.(*net.TCPConn).CloseWrite()
	})
	n, err := io.Copy(io.Discard, conn.in)
	sender.Wait()
	if err != nil || n != int64(len(sent)) {
		t.Errorf("got %d bytes, %v, want %d", n, err, len(sent))
	}
}

// exchange sends n packets one by one and counts the answers.
func exchange(t *testing.T, conn net.Conn, n int) int {
	t.Helper()
	got := 0
	buffer := make([]byte, 16)
	for range n {
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(buffer); err == nil {
			got++
		}
	}
	return got
}

func TestPacketProxyLosesDelaysAndCuts(t *testing.T) {
	p := testbed.PacketProxy(t, echo(t), 1)
	conn, err := net.Dial("udp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := exchange(t, conn, 20); got != 20 {
		t.Errorf("answers = %d, want 20", got)
	}
	before := p.Counts()
	p.SetLoss(0.5)
	if got := exchange(t, conn, 40); got < 3 || got > 20 {
		t.Errorf("answers with half lost each way = %d, want about 10", got)
	}
	if lost := p.Counts().Lost - before.Lost; lost < 20 {
		t.Errorf("lost = %d, want 20 at least", lost)
	}
	p.SetLoss(0)
	p.Cut()
	if got := exchange(t, conn, 3); got != 0 {
		t.Errorf("answers while cut = %d", got)
	}
	p.Heal()
	p.SetDelay(10 * time.Millisecond)
	start := time.Now()
	if got := exchange(t, conn, 5); got < 4 || time.Since(start) < 80*time.Millisecond {
		t.Errorf("answers after healing = %d in %s", got, time.Since(start))
	}
}
