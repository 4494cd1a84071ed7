package transport_test

import (
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/parlour-chat/parlour/media/transport"
)

// peer is a webrtc.PeerConnection as a browser would be: it offers, opens the
// channels and is not ICE-lite.
type peer struct {
	pc       *webrtc.PeerConnection
	channels map[string]*webrtc.DataChannel
	opened   chan string
	messages chan message
	closed   chan string
}

func newPeer(t *testing.T, open map[string]*webrtc.DataChannelInit, setting webrtc.SettingEngine) *peer {
	t.Helper()
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(setting)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	p := &peer{pc, map[string]*webrtc.DataChannel{}, make(chan string, 16), make(chan message, 64), make(chan string, 16)}
	for label, init := range open {
		d, err := pc.CreateDataChannel(label, init)
		if err != nil {
			t.Fatal(err)
		}
		p.channels[label] = d
		d.OnOpen(func() { p.opened <- label })
		d.OnClose(func() { p.closed <- label })
		d.OnMessage(func(m webrtc.DataChannelMessage) { p.messages <- message{label, !m.IsString, string(m.Data)} })
	}
	return p
}

// join has the endpoint answer the peer's offer.
func (p *peer) join(t *testing.T, e *transport.Endpoint, h transport.Handler) *transport.Conn {
	t.Helper()
	offer, err := p.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	wait(t, "candidates", gathered)
	conn, answer, err := e.Answer(t.Context(), p.pc.LocalDescription().SDP, h)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
	return conn
}

func loopbackOnly(networks ...webrtc.NetworkType) webrtc.SettingEngine {
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(net.IP.IsLoopback)
	s.SetNetworkTypes(networks)
	return s
}

var no, never = false, uint16(0)

func fourChannels() map[string]*webrtc.DataChannelInit {
	return map[string]*webrtc.DataChannelInit{
		transport.ChannelMain: nil, transport.ChannelCobrowse: nil, transport.ChannelBulk: nil,
		transport.ChannelPointer: {Ordered: &no, MaxRetransmits: &never},
	}
}

func TestAPeerConnectionTalksToAnEndpoint(t *testing.T) {
	for _, network := range []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4} {
		t.Run(network.String(), func(t *testing.T) {
			e := listen(t, bothPorts)
			served := echo()
			p := newPeer(t, fourChannels(), loopbackOnly(network))
			conn := p.join(t, e, served)
			for range all {
				wait(t, "open channel", p.opened)
			}
			for label, d := range p.channels {
				if err := d.SendText("hello " + label); err != nil {
					t.Fatal(err)
				}
			}
			for range all {
				m := wait(t, "echo", p.messages)
				if want := (message{m.channel, false, "hello " + m.channel}); m != want {
					t.Errorf("echo %+v, want %+v", m, want)
				}
			}
			conn.Close()
			for range all {
				wait(t, "closed channel", p.closed)
			}
			if err := wait(t, "end", served.closed); !errors.Is(err, transport.ErrClosed) {
				t.Errorf("closed by %v, want %v", err, transport.ErrClosed)
			}
		})
	}
}

func TestThePeersEndIsHeard(t *testing.T) {
	e := listen(t, bothPorts)
	served := newRecorder()
	p := newPeer(t, fourChannels(), loopbackOnly(webrtc.NetworkTypeUDP4))
	p.join(t, e, served)
	wait(t, "open channel", p.opened)
	if err := p.pc.Close(); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, "end", served.closed); !errors.Is(err, transport.ErrPeerClosed) {
		t.Errorf("closed by %v, want %v", err, transport.ErrPeerClosed)
	}
}

func TestForeignChannelsAreClosedAndTheRestGoesOn(t *testing.T) {
	e := listen(t, bothPorts)
	open := map[string]*webrtc.DataChannelInit{
		transport.ChannelMain:     nil,
		"strange":                 nil,
		transport.ChannelCobrowse: {Ordered: &no}, // wrong reliability
	}
	p := newPeer(t, open, loopbackOnly(webrtc.NetworkTypeUDP4))
	conn := p.join(t, e, echo())
	closed := map[string]bool{}
	for range 2 {
		closed[wait(t, "closed channel", p.closed)] = true
	}
	if !closed["strange"] || !closed[transport.ChannelCobrowse] {
		t.Errorf("closed %v, want strange and cobrowse", closed)
	}
	if err := p.channels[transport.ChannelMain].SendText("x"); err != nil {
		t.Fatal(err)
	}
	if got, want := wait(t, "echo", p.messages), (message{transport.ChannelMain, false, "x"}); got != want {
		t.Errorf("echo %+v, want %+v", got, want)
	}
	if err := conn.Send(transport.ChannelCobrowse, true, nil); !errors.Is(err, transport.ErrNotOpen) {
		t.Errorf("send on a refused channel: %v, want %v", err, transport.ErrNotOpen)
	}
	if got := e.Stats().Refused; got != 2 {
		t.Errorf("refused = %d, want 2", got)
	}
}

func TestAChannelOpenedTwiceIsClosedOnce(t *testing.T) {
	e := listen(t, bothPorts)
	p := newPeer(t, map[string]*webrtc.DataChannelInit{transport.ChannelMain: nil}, loopbackOnly(webrtc.NetworkTypeUDP4))
	second, err := p.pc.CreateDataChannel(transport.ChannelMain, nil)
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	second.OnClose(func() { close(gone) })
	first := make(chan struct{})
	p.channels[transport.ChannelMain].OnClose(func() { close(first) })
	p.join(t, e, echo())
	// Which of the two came first is the network's choice; one stays.
	left := p.channels[transport.ChannelMain]
	select {
	case <-gone:
	case <-first:
		left = second
		left.OnMessage(func(m webrtc.DataChannelMessage) { p.messages <- message{transport.ChannelMain, false, string(m.Data)} })
	case <-t.Context().Done():
	}
	if err := left.SendText("x"); err != nil {
		t.Fatal(err)
	}
	if got := wait(t, "echo", p.messages).text; got != "x" {
		t.Errorf("echo %q, want x", got)
	}
	if got := e.Stats().Refused; got != 1 {
		t.Errorf("refused = %d, want 1", got)
	}
}

func TestTooManyChannelsEndTheConnection(t *testing.T) {
	e := listen(t, bothPorts)
	open := map[string]*webrtc.DataChannelInit{}
	for i := range 9 {
		open[fmt.Sprint("channel ", i)] = nil
	}
	served := newRecorder()
	newPeer(t, open, loopbackOnly(webrtc.NetworkTypeUDP4)).join(t, e, served)
	if err := wait(t, "end", served.closed); !errors.Is(err, transport.ErrChannels) {
		t.Errorf("closed by %v, want %v", err, transport.ErrChannels)
	}
}

// TestTheSamePortsServeAPeerConnection shows what call legs do with an endpoint.
func TestTheSamePortsServeAPeerConnection(t *testing.T) {
	e := listen(t, bothPorts)
	leaf := e.Certificate()
	certificate := webrtc.CertificateFromX509(leaf.PrivateKey, leaf.Leaf)
	var s webrtc.SettingEngine
	s.SetICEUDPMux(e.UDPMux())
	s.SetICETCPMux(e.TCPMux())
	s.SetNet(e.Net())
	s.SetLite(true)
	s.SetIncludeLoopbackCandidate(e.Loopback())
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4})
	leg, err := webrtc.NewAPI(webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = leg.GracefulClose() })
	data := connect(t, e, transport.Dial{}, echo()) // beside it, on the same port
	p := newPeer(t, map[string]*webrtc.DataChannelInit{transport.ChannelMain: nil}, loopbackOnly(webrtc.NetworkTypeUDP4))
	offer, err := p.pc.CreateOffer(nil)
	if err == nil {
		err = p.pc.SetLocalDescription(offer)
	}
	if err == nil {
		err = leg.SetRemoteDescription(offer)
	}
	if err != nil {
		t.Fatal(err)
	}
	answer, err := leg.CreateAnswer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(leg)
	if err := leg.SetLocalDescription(answer); err != nil {
		t.Fatal(err)
	}
	wait(t, "candidates", gathered)
	sdp := e.ReplaceCandidates(leg.LocalDescription().SDP)
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp}); err != nil {
		t.Fatal(err)
	}
	wait(t, "open channel of the leg", p.opened)
	if err := data.client.Send(transport.ChannelMain, false, []byte("x")); err != nil {
		t.Fatal(err)
	}
	wait(t, "echo of the data connection", data.received.messages)
}
