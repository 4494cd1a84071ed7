package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A peer is a visitor or an agent on the real wire, over a WebSocket. Its
// goroutine reads until the socket ends; close waits for it. It understands only
// as much of each frame as the measurement needs, because what it spends is
// spent on the machine of the server.
type peer struct {
	ws      *websocket.Conn
	heard   func(p *peer, kind string, data []byte) // frames that answer nothing; in the reader's goroutine
	reading context.Context
	stop    context.CancelFunc
	done    chan struct{} // closed when the reader has ended

	mu      sync.Mutex
	waiting map[protocol.Op]chan []byte // of commands that have no answer yet
	err     error                       // why the reader ended
}

// connect opens a WebSocket and says hello: as a visitor with a token, as an
// agent with a cookie.
func connectPeer(ctx context.Context, base, token string, cookie *http.Cookie, heard func(*peer, string, []byte)) (*peer, error) {
	header := http.Header{}
	if cookie != nil {
		header.Set("Cookie", cookie.Name+"="+cookie.Value)
	}
	ws, response, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(base, "http")+"/v1/connect", &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if response != nil && response.Body != nil {
		_ = response.Body.Close()
	}
	ws.SetReadLimit(1 << 20)
	p := &peer{ws: ws, heard: heard, done: make(chan struct{}), waiting: map[protocol.Op]chan []byte{}}
	p.reading, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	go p.read() //nolint:gosec // its reads end when the socket is closed
	if _, err := p.command(ctx, protocol.UpHello, protocol.Hello{Token: token}); err != nil {
		p.close()
		return nil, fmt.Errorf("say hello: %w", err)
	}
	return p, nil
}

func (p *peer) read() {
	defer close(p.done)
	for {
		_, data, err := p.ws.Read(context.Background()) // until close; a context that can end costs something for each frame
		if err != nil {
			p.mu.Lock()
			p.err = fmt.Errorf("the server ended the connection: %w", err)
			p.mu.Unlock()
			return
		}
		kind, op := head(data)
		if op != "" {
			p.mu.Lock()
			answer := p.waiting[op]
			delete(p.waiting, op)
			p.mu.Unlock()
			if answer != nil {
				answer <- data
			}
			continue
		}
		if kind == protocol.DownPing {
			_ = p.ws.Write(p.reading, websocket.MessageText, []byte(`{"kind":"`+protocol.UpPong+`"}`))
			continue
		}
		p.heard(p, kind, data)
	}
}

func (p *peer) close() {
	p.stop()
	_ = p.ws.CloseNow()
	<-p.done
}

// command sends a frame and waits for its answer.
func (p *peer) command(ctx context.Context, kind string, body any) ([]byte, error) {
	op := protocol.NewID[protocol.Op]()
	frame, err := protocol.Encode(kind, op, body)
	if err != nil {
		return nil, err
	}
	return p.ask(ctx, op, frame)
}

// post is a chat.post, made without reflection.
func (p *peer) post(ctx context.Context, conv protocol.ConversationID, text string) error {
	op := protocol.NewID[protocol.Op]()
	_, err := p.ask(ctx, op, fmt.Appendf(nil, `{"kind":"chat.post","op":"%s","body":{"conversation":"%s","text":"%s"}}`, op, conv, text))
	return err
}

func (p *peer) ask(ctx context.Context, op protocol.Op, frame []byte) ([]byte, error) {
	answer := make(chan []byte, 1)
	p.mu.Lock()
	p.waiting[op] = answer
	p.mu.Unlock()
	// Not ended by ctx, see read: the server ends with it, and with that the socket.
	if err := p.ws.Write(context.WithoutCancel(ctx), websocket.MessageText, frame); err != nil {
		return nil, fmt.Errorf("send: %w", err)
	}
	select {
	case data := <-answer:
		if kind, _ := head(data); kind == protocol.DownError {
			return nil, refused(data)
		}
		return data, nil
	case <-p.done:
		p.mu.Lock()
		defer p.mu.Unlock()
		return nil, p.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func refused(data []byte) error {
	failed, err := body[protocol.Failed](data)
	if err != nil {
		return err
	}
	return protocol.NewError(failed.Code, failed.Message)
}

// body reads the body of a frame.
func body[T any](data []byte) (T, error) {
	var frame struct {
		Body T `json:"body"`
	}
	if err := json.Unmarshal(data, &frame); err != nil {
		return frame.Body, fmt.Errorf("read frame: %w", err)
	}
	return frame.Body, nil
}

var (
	kindMark = []byte(`{"kind":"`)
	opMark   = []byte(`","op":"`)
)

// head reads kind and op. The server writes them first and in this order; a
// frame in another form is read in full.
func head(data []byte) (kind string, op protocol.Op) {
	if rest, ok := bytes.CutPrefix(data, kindMark); ok {
		if end := bytes.IndexByte(rest, '"'); end > 0 {
			kind = string(rest[:end])
			if after, ok := bytes.CutPrefix(rest[end:], opMark); ok && len(after) > 36 && after[36] == '"' {
				op = protocol.Op(after[:36])
			}
			return kind, op
		}
	}
	var frame protocol.Frame
	_ = json.Unmarshal(data, &frame) // what is no frame has no kind
	return frame.Kind, frame.Op
}

var errNoText = errors.New("no text")

// texts gives what stands after the mark in each message of an entries frame:
// the digits that number it.
func texts(data []byte, mark string, each func(n int)) {
	needle := []byte(`"text":"` + mark)
	for {
		at := bytes.Index(data, needle)
		if at < 0 {
			return
		}
		data = data[at+len(needle):]
		n, err := digits(data)
		if err == nil {
			each(n)
		}
	}
}

func digits(data []byte) (n int, err error) {
	length := 0
	for length < len(data) && data[length] >= '0' && data[length] <= '9' && length < 12 {
		n = n*10 + int(data[length]-'0')
		length++
	}
	if length == 0 {
		return 0, errNoText
	}
	return n, nil
}
