package media

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/parlour-chat/parlour/media/transport"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A leg is one party's PeerConnection. close ends all its goroutines and waits.
type leg struct {
	ordinal int
	pc      *webrtc.PeerConnection
	downs   []*downtrack // by receive m-line, from firstAudioSlot on
	log     *slog.Logger
	stats   *counters
	cancel  context.CancelFunc
	work    sync.WaitGroup

	// Set by the call before the answer is made.
	arrived func(*leg, *uptrack)
	changed func(*leg, webrtc.PeerConnectionState)

	mu           sync.Mutex // guards what follows
	ups          map[int]*uptrack
	audio, video bool // not muted
	closed       bool
}

func newLeg(e *transport.Endpoint, ordinal int, log *slog.Logger, stats *counters) (*leg, error) {
	pc, err := newPeerConnection(e)
	if err != nil {
		return nil, err
	}
	l := &leg{ordinal: ordinal, pc: pc, log: log, stats: stats, ups: map[int]*uptrack{}, audio: true, video: true}
	stats.legs.Add(1)
	return l, nil
}

// answer takes the browser's offer and gives the answer with all candidates.
func (l *leg) answer(ctx context.Context, e *transport.Endpoint, offer string) (string, error) {
	run, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	l.pc.OnTrack(l.onTrack)
	l.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) { l.changed(l, s) })
	if err := l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		l.log.Debug("offer refused", "error", err)
		return "", protocol.NewError(protocol.CodeInvalid, "The call's offer cannot be used.")
	}
	for mid := firstAudioSlot; mid < poolSize; mid++ {
		if err := l.addSlot(run, mid); err != nil {
			return "", err
		}
	}
	answer, err := l.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("make answer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(l.pc)
	if err := l.pc.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("set answer: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", fmt.Errorf("gather candidates: %w", ctx.Err())
	}
	return e.ReplaceCandidates(l.pc.LocalDescription().SDP), nil
}

// addSlot makes the sender of one receive m-line; pion puts tracks on the
// offer's transceivers in their order.
func (l *leg) addSlot(run context.Context, mid int) error {
	codec := vp8
	if kinds[mid] == "audio" {
		codec = opus
	}
	d := newDowntrack("slot"+strconv.Itoa(mid), codec, l.stats)
	sender, err := l.pc.AddTrack(d)
	if err != nil {
		return fmt.Errorf("add receive slot: %w", err)
	}
	l.downs = append(l.downs, d)
	l.work.Go(func() { d.run(run) })
	l.work.Go(func() { l.feedback(sender, d) })
	return nil
}

// feedback reads a viewer's RTCP until its sender stops: pion's interceptors
// answer NACKs from it, and a lost picture is asked of the source.
func (l *leg) feedback(sender *webrtc.RTPSender, d *downtrack) {
	for {
		reports, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, r := range reports {
			switch r.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				if source := d.source.Load(); source != nil {
					source.requestKeyFrame()
				}
			}
		}
	}
}

func (l *leg) onTrack(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	mid, ok := l.midOf(receiver)
	if !ok {
		return
	}
	u := newUptrack(mid, track, l.pc.WriteRTCP, l.stats)
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	u.on.Store(l.onLocked(mid))
	l.ups[mid] = u
	l.work.Go(u.run)
	l.work.Go(func() { drain(receiver) })
	l.mu.Unlock()
	l.arrived(l, u)
}

// drain reads a sender's reports, so that pion's interceptors see them.
func drain(r interface {
	Read(b []byte) (int, interceptor.Attributes, error)
}) {
	buf := make([]byte, packetBytes)
	for {
		if _, _, err := r.Read(buf); err != nil {
			return
		}
	}
}

func (l *leg) midOf(receiver *webrtc.RTPReceiver) (int, bool) {
	for _, t := range l.pc.GetTransceivers() {
		if t.Receiver() == receiver {
			mid, err := strconv.Atoi(t.Mid())
			return mid, err == nil && mid < firstAudioSlot
		}
	}
	return 0, false
}

func (l *leg) onLocked(mid int) bool {
	if mid == midMicrophone {
		return l.audio
	}
	return l.video || mid == midScreen
}

// mute stops or lets go on what the party sends: the server forwards nothing of
// what is muted, whatever the browser does.
func (l *leg) mute(audio, video bool) {
	l.mu.Lock()
	l.audio, l.video = audio, video
	var shown []*uptrack
	for mid, u := range l.ups {
		if on := l.onLocked(mid); u.on.Swap(on) != on && on {
			shown = append(shown, u)
		}
	}
	l.mu.Unlock()
	for _, u := range shown {
		u.requestKeyFrame()
	}
}

// downFor is the slot in which this leg sees what party sends in m-line mid.
func (l *leg) downFor(party, mid int) *downtrack {
	index := slot(l.ordinal, party)
	switch mid {
	case midMicrophone:
	case midCamera:
		index += audioSlots
	case midScreen:
		if index >= screenSlots {
			return nil
		}
		index += audioSlots + videoSlots
	}
	return l.downs[index]
}

func (l *leg) sources() []*uptrack {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]*uptrack, 0, len(l.ups))
	for _, u := range l.ups {
		out = append(out, u)
	}
	return out
}

// wake asks for key frames of all that this leg sees, once it is connected.
func (l *leg) wake() {
	for _, d := range l.downs {
		if source := d.source.Load(); source != nil {
			source.requestKeyFrame()
		}
	}
}

// close ends the leg and waits for its goroutines. It may be called again.
func (l *leg) close() {
	l.mu.Lock()
	was := l.closed
	l.closed = true
	l.mu.Unlock()
	if !was {
		l.stats.legs.Add(-1)
		if err := l.pc.Close(); err != nil {
			l.log.Debug("close leg", "error", err)
		}
		if l.cancel != nil {
			l.cancel()
		}
	}
	l.work.Wait()
}
