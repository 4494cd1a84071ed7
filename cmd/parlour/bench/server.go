package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A server is `parlour serve` with a workspace for the bench.
type server struct {
	child *child
	base  string // http://host:port
	ops   string // host:port of the operator's port; empty: closed
}

// unlimited is set for limits per address or visitor: all come from here.
const unlimited = "100000000"

// startServer applies the workspace and starts the server; it comes back when
// the server can be used. Settings of the environment do not reach it.
func startServer(ctx context.Context, o ChatOptions, db database, dir, workspace string) (*server, error) {
	p := Program{Path: o.Program.Path, Environ: []string{"PARLOUR_DATABASE_URL=" + db.url, "PARLOUR_DATA_DIRECTORY=" + dir, "PARLOUR_LOG_LEVEL=warn"}}
	for _, v := range o.Program.Environ {
		if !strings.HasPrefix(v, "PARLOUR_") {
			p.Environ = append(p.Environ, v)
		}
	}
	apply, err := p.start(ctx, "admin", "apply", workspace)
	if err != nil {
		return nil, err
	}
	if err := apply.finish(); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &server{base: "http://" + address}
	if o.Profile != "" {
		if s.ops, err = freeAddress(); err != nil {
			return nil, err
		}
	}
	arguments := []string{
		"serve", "--http.address=" + address, "--ops.address=" + s.ops, "--webrtc.udp_address=", "--webrtc.tcp_address=", "--routing.ramp_up=0s",
		"--shutdown.drain=1s",
	}
	for _, limit := range []string{
		"connections_per_ip", "visitors_per_minute_per_ip", "messages_per_minute_per_visitor", "sign_ins_per_minute_per_ip",
		"requests_per_second_per_ip", "frames_per_second",
	} {
		arguments = append(arguments, "--limits."+limit+"="+unlimited)
	}
	if s.child, err = p.start(ctx, arguments...); err != nil {
		return nil, err
	}
	if _, err = s.child.line(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *server) close() { s.child.close() }

// cpuTime is what the server has used, as the kernel tells it in steps of 10 ms;
// 0 when it does not tell.
func (s *server) cpuTime() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.child.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// ownCPUTime is what this process, the generator, has used; 0 when the kernel
// does not tell.
func ownCPUTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// profile writes the server's CPU profile of the next d into a file; without a
// name it does nothing.
func (s *server) profile(ctx context.Context, name string, d time.Duration) error {
	if name == "" {
		return nil
	}
	address := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.ops, max(1, int(d.Seconds())))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer response.Body.Close()
	file, err := os.Create(name) //nolint:gosec // the operator names it
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	_, err = io.Copy(file, response.Body)
	return errors.Join(err, file.Close())
}

// freeAddress finds a port that nobody listens on now.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}
