package measure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/pion/webrtc/v4"

	"github.com/parlour-chat/parlour/media/transport"
)

// A Kind is what a Server answers offers with.
type Kind string

const (
	// KindTransport is a transport.Endpoint on one UDP and one TCP port.
	KindTransport Kind = "transport"
	// KindPeerConnection is webrtc.NewPeerConnection with nothing set.
	KindPeerConnection Kind = "peerconnection"
	// KindWebSocket is coder/websocket without compression.
	KindWebSocket Kind = "websocket"
)

// A Server answers and holds connections of one kind. It is an http.Handler:
// POST /offer takes an SDP and gives the answer (for KindWebSocket GET /socket
// upgrades instead), GET /usage gives a Usage as
// JSON (?collect=1 collects garbage first).
type Server struct {
	answer func(ctx context.Context, offer string) (string, error) // nil: not by offers
	socket http.HandlerFunc                                        // nil: not by WebSocket
	close  func() error
	open   atomic.Int64
}

// NewServer makes a Server; transport options are used by KindTransport only.
func NewServer(kind Kind, o transport.Options) (*Server, error) {
	s := &Server{}
	switch kind {
	case KindTransport:
		e, err := transport.Listen(o)
		if err != nil {
			return nil, err
		}
		s.close = e.Close
		s.answer = func(ctx context.Context, offer string) (string, error) {
			_, answer, err := e.Answer(ctx, offer, idle{&s.open})
			return answer, err
		}
	case KindPeerConnection:
		p := &peers{open: &s.open}
		s.answer, s.close = p.answer, p.close
	case KindWebSocket:
		k := &sockets{open: &s.open}
		s.socket, s.close = k.serve, k.close
	default:
		return nil, fmt.Errorf("measure: no kind %q", kind)
	}
	return s, nil
}

// Close ends all connections.
func (s *Server) Close() error { return s.close() }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/offer" && s.answer != nil:
		s.offer(w, r)
	case r.URL.Path == "/socket" && s.socket != nil:
		s.socket(w, r)
	case r.URL.Path == "/usage":
		s.usage(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) offer(w http.ResponseWriter, r *http.Request) {
	offer, err := io.ReadAll(io.LimitReader(r.Body, transport.MaxSDP))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer, err := s.answer(r.Context(), string(offer))
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "application/sdp")
	_, _ = io.WriteString(w, answer)
}

func (s *Server) usage(w http.ResponseWriter, r *http.Request) {
	usage, err := Now(r.URL.Query().Has("collect"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	usage.Open = s.open.Load()
	_ = json.NewEncoder(w).Encode(usage)
}

// idle counts open connections and says nothing.
type idle struct{ open *atomic.Int64 }

func (i idle) Opened(_ *transport.Conn, channel string) {
	if channel == transport.ChannelMain {
		i.open.Add(1)
	}
}

func (i idle) Message(*transport.Conn, string, bool, []byte) {}

func (i idle) Closed(*transport.Conn, error) {}

// peers holds default PeerConnections.
type peers struct {
	open *atomic.Int64

	mu  sync.Mutex
	all []*webrtc.PeerConnection
}

func (p *peers) answer(ctx context.Context, offer string) (string, error) {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", fmt.Errorf("make peer connection: %w", err)
	}
	p.mu.Lock()
	p.all = append(p.all, pc)
	p.mu.Unlock()
	pc.OnDataChannel(func(d *webrtc.DataChannel) {
		d.OnOpen(func() {
			if d.Label() == transport.ChannelMain {
				p.open.Add(1)
			}
		})
		d.OnMessage(func(webrtc.DataChannelMessage) {})
	})
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", fmt.Errorf("take offer: %w", err)
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("make answer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("set answer: %w", err)
	}
	select {
	case <-gathered:
		return pc.LocalDescription().SDP, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (p *peers) close() error {
	p.mu.Lock()
	all := p.all
	p.all = nil
	p.mu.Unlock()
	var errs []error
	for _, pc := range all {
		errs = append(errs, pc.GracefulClose())
	}
	return errors.Join(errs...)
}
