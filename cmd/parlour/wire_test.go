package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/protocol/wiretest"
)

// A client is a visitor's page or an agent's desk on a server.
type client struct {
	*wiretest.Client
	s      *server
	token  string // of a visitor
	header http.Header
}

func (s *server) visitor() *client {
	s.t.Helper()
	var who struct{ Token string }
	s.post("/v1/visitors", map[string]string{"site": "shop"}, &who)
	return s.connect(who.Token, nil)
}

func (s *server) agent(email string) *client {
	s.t.Helper()
	res := s.post("/v1/sign-in", map[string]string{"email": email, "password": "correct horse battery"}, nil)
	header := http.Header{"Origin": {s.url}}
	for _, c := range res.Cookies() {
		header.Add("Cookie", c.Name+"="+c.Value)
	}
	return s.connect("", header)
}

func (s *server) connect(token string, header http.Header) *client {
	c := &client{s: s, token: token, header: header, Client: wiretest.Connect(wiretest.Options{
		URLs: []string{s.url}, Token: token, Header: header, Retry: 20 * time.Millisecond,
	})}
	s.t.Cleanup(c.Close)
	return c
}

// do sends a command and waits for its ack.
func (c *client) do(kind string, body any) protocol.Ack {
	c.s.t.Helper()
	one := c.answered(kind, body)
	if one.End != wiretest.Acked {
		c.s.t.Fatalf("%s: %s %s", kind, one.Failed.Code, one.Failed.Message)
	}
	return one.Ack
}

// refused sends a command and waits until it is refused.
func (c *client) refused(kind string, body any) protocol.Failed {
	c.s.t.Helper()
	one := c.answered(kind, body)
	if one.End != wiretest.Refused {
		c.s.t.Fatalf("%s was acknowledged", kind)
	}
	return one.Failed
}

func (c *client) answered(kind string, body any) *wiretest.Call {
	c.s.t.Helper()
	one := c.Send(kind, body)
	c.s.until(kind+" is answered", one.Answered)
	return one
}

func (c *client) online() bool {
	_, online := c.Here()
	return online
}

// offer waits until an offer rings.
func (c *client) offer() (id protocol.OfferID) {
	c.s.t.Helper()
	c.s.until("an offer rings", func() bool {
		for _, item := range c.Items() {
			if item.Offer != nil {
				id = item.Offer.Offer
			}
		}
		return id != ""
	})
	return id
}

// log reads the whole record of a conversation by REST.
func (c *client) log(t *testing.T, conv protocol.ConversationID) []protocol.Entry {
	t.Helper()
	var all []protocol.Entry
	for {
		path := c.s.url + "/v1/conversations/" + string(conv) + "/entries?after="
		after := int64(0)
		if len(all) > 0 {
			after = all[len(all)-1].Seq
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path+jsonNumber(after), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+c.token)
		res, err := c.s.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var page protocol.Entries
		err = json.NewDecoder(res.Body).Decode(&page)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("read the log: %s, %v", res.Status, err)
		}
		all = append(all, page.Entries...)
		if len(page.Entries) == 0 || all[len(all)-1].Seq >= page.Last {
			return all
		}
	}
}

func jsonNumber(n int64) string { data, _ := json.Marshal(n); return string(data) }
