package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol/wiretest"
)

// patience is when a client gives up a connection: the server pings each second,
// and answers at once when it is well.
const patience = 4 * time.Second

// A client is a page or a tab. When a node does not answer it takes the next one.
type client struct{ *wiretest.Client }

// connect lets a client be there until close. Clients begin with the node of
// the index.
func connect(urls []string, at int, token string, header http.Header) *client {
	return &client{wiretest.Connect(wiretest.Options{
		URLs: urls, First: at, Token: token, Header: header, Retry: 150 * time.Millisecond, Patience: patience,
	})}
}

// settled says whether the client is this actor's and has been connected for 2 s.
func (c *client) settled(actor string) bool {
	since, here := c.Here()
	you := c.You()
	return here && string(you.Kind)+":"+you.ID == actor && time.Since(since) > 2*time.Second
}

// here says whether the client is connected.
func (c *client) here() bool {
	_, here := c.Here()
	return here
}

// postTo sends JSON to the first node that answers, and reads JSON.
func postTo(ctx context.Context, urls []string, path string, body, into any) ([]*http.Cookie, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	for i := 0; ; i++ {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, urls[i%len(urls)]+path, bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := quick.Do(req)
		if err == nil && res.StatusCode < 300 {
			err = json.NewDecoder(res.Body).Decode(into)
			_ = res.Body.Close()
			return res.Cookies(), err
		}
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests {
				return nil, fmt.Errorf("post %s: %s", path, res.Status)
			}
		}
		if !pause(ctx, 200*time.Millisecond) {
			return nil, ctx.Err()
		}
	}
}

// pause waits; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
