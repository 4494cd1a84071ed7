package signaling_test

import (
	"context"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ws = protocol.WorkspaceID("w")

// The people of the tests. Tokens and cookies carry the word "secret".
var (
	visitorA = protocol.Principal{Kind: protocol.KindVisitor, Workspace: ws, Visitor: protocol.NewID[protocol.VisitorID](), Name: "Ann"}
	visitorB = protocol.Principal{Kind: protocol.KindVisitor, Workspace: ws, Visitor: protocol.NewID[protocol.VisitorID](), Name: "Ben"}
	agent    = protocol.Principal{Kind: protocol.KindAgent, Workspace: ws, Agent: protocol.NewID[protocol.AgentID](), Name: "Eve",
		Permissions: protocol.Permissions(), Session: "s1"}
	clerk = protocol.Principal{Kind: protocol.KindAgent, Workspace: ws, Agent: protocol.NewID[protocol.AgentID](), Name: "Tim", Session: "s2"}
)

// A record is all features at once: conversations in memory.
type record struct {
	mu        sync.Mutex
	logs      map[protocol.ConversationID][]protocol.Entry
	marks     map[protocol.ConversationID]int64
	marksRead int
	own       map[protocol.ConversationID]int64    // how far Follow knows a log, where it does not know all
	members   map[protocol.ConversationID][]string // actors
	extra     map[string]map[string]protocol.Item  // by actor
	versions  map[string]int64
	ops       map[protocol.Op]protocol.Ack
	revoked   map[string]bool
	changed   map[string]protocol.Principal // by session: what the record says now
	slowHere  func()                        // what Here waits for
	unsigned  error                         // Sessions fails by it
	looked    func()                        // what happens between the look of Sessions or EndedVisitors and its answer
	proved    func()                        // the same of Visitor, once
	signedOut func(protocol.Principal)      // what SignedOut does; nil: nothing

	mostLooked int      // visitors that EndedVisitors was asked for at once
	signs      []string // of presence
	calls      int      // of Heads
	broken     error
}

func newRecord() *record {
	return &record{
		logs: map[protocol.ConversationID][]protocol.Entry{}, marks: map[protocol.ConversationID]int64{}, own: map[protocol.ConversationID]int64{}, members: map[protocol.ConversationID][]string{},
		extra: map[string]map[string]protocol.Item{}, versions: map[string]int64{}, ops: map[protocol.Op]protocol.Ack{}, revoked: map[string]bool{}, changed: map[string]protocol.Principal{},
	}
}

func (r *record) conversation(members ...protocol.Principal) protocol.ConversationID {
	r.mu.Lock()
	defer r.mu.Unlock()
	conv := protocol.NewID[protocol.ConversationID]()
	r.logs[conv] = nil
	for _, m := range members {
		r.members[conv] = append(r.members[conv], m.Actor())
		r.versions[m.Actor()]++
	}
	return conv
}

func (r *record) add(conv protocol.ConversationID, text string) protocol.Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := protocol.Entry{
		Seq: int64(len(r.logs[conv]) + 1), ID: protocol.NewID[protocol.EntryID](), Kind: protocol.EntryMessage, Audience: protocol.AudienceAll,
		Body: protocol.EntryBody{Text: text},
	}
	r.logs[conv] = append(r.logs[conv], e)
	return e
}

func (r *record) post(_ context.Context, who protocol.Caller, op protocol.Op, b protocol.Post) (protocol.Ack, error) {
	r.mu.Lock()
	ack, again := r.ops[op]
	member := slices.Contains(r.members[b.Conversation], who.Actor())
	r.mu.Unlock()
	if again {
		return ack, nil
	}
	if !member {
		return ack, protocol.NewError(protocol.CodeNotFound, "No such conversation.")
	}
	e := r.add(b.Conversation, b.Text)
	ack = protocol.Ack{Conversation: b.Conversation, Seq: e.Seq}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops[op] = ack
	return ack, nil
}

func (r *record) Entries(_ context.Context, who protocol.Principal, conv protocol.ConversationID, after int64) (protocol.Entries, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken != nil {
		return protocol.Entries{}, r.broken
	}
	if !slices.Contains(r.members[conv], who.Actor()) {
		return protocol.Entries{}, protocol.NewError(protocol.CodeNotFound, "No such conversation.")
	}
	log := r.logs[conv]
	out := protocol.Entries{Conversation: conv, Last: int64(len(log)), Entries: []protocol.Entry{}}
	if after < out.Last {
		out.Entries = append(out.Entries, log[after:min(after+200, out.Last)]...)
	}
	return out, nil
}

func (r *record) Follow(ctx context.Context, who protocol.Principal, conv protocol.ConversationID, after int64) (protocol.Entries, error) {
	out, err := r.Entries(ctx, who, conv, after)
	r.mu.Lock()
	defer r.mu.Unlock()
	if own, ok := r.own[conv]; ok && err == nil { // the rest was written by another node
		out.Entries = out.Entries[:max(0, min(int64(len(out.Entries)), own-after))]
		out.Last = max(own, after)
	}
	return out, err
}

func (r *record) Targets(_ context.Context, who protocol.Principal, conv protocol.ConversationID) (protocol.Targets, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.members[conv], who.Actor()) {
		return protocol.Targets{}, protocol.NewError(protocol.CodeNotFound, "No such conversation.")
	}
	return protocol.Targets{Conversation: conv, Agents: []protocol.TargetAgent{}, Queues: []protocol.TargetQueue{}}, nil
}

func (r *record) Why(_ context.Context, who protocol.Principal, of protocol.WhyOf) (protocol.Why, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if of.Agent != who.Agent && !slices.Contains(r.members[of.Conversation], who.Actor()) {
		return protocol.Why{}, protocol.NewError(protocol.CodeNotFound, "No such conversation or agent.")
	}
	return protocol.Why{Conversation: of.Conversation, Agent: of.Agent, Older: of.Before}, nil
}

func (r *record) DryRun(_ context.Context, _ protocol.Principal, of protocol.DryRun) (protocol.DryRunResult, error) {
	return protocol.DryRunResult{Decision: protocol.Decision{What: "nobody", Queue: of.Queue}}, nil
}

func (r *record) TryFile(context.Context, protocol.Principal, protocol.TryFile) (protocol.TryResult, error) {
	return protocol.TryResult{Past: []protocol.TryRow{}, Now: []protocol.TryRow{}}, nil
}

func (r *record) Heads(_ context.Context, convs []protocol.ConversationID) (map[protocol.ConversationID]signaling.Head, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	heads := map[protocol.ConversationID]signaling.Head{}
	for _, conv := range convs {
		last := int64(len(r.logs[conv]))
		heads[conv] = signaling.Head{Last: last, VisitorLast: last, Marks: r.marks[conv]}
	}
	return heads, nil
}

func (r *record) Marks(_ context.Context, _ protocol.Principal, conv protocol.ConversationID) (protocol.Marks, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.marksRead++
	m := protocol.Marks{Conversation: conv}
	if n := r.marks[conv]; n > 0 {
		m.Marks = append(m.Marks, protocol.ReadMark{Side: protocol.KindAgent, Delivered: n, Read: n})
	}
	return m, nil
}

func (r *record) Items(_ context.Context, who protocol.Caller, into map[string]protocol.Item) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conv, members := range r.members {
		if !slices.Contains(members, who.Actor()) {
			continue
		}
		if who.Kind == protocol.KindAgent {
			into["card/"+string(conv)] = protocol.Item{Card: &protocol.CardItem{Conversation: conv}}
		} else {
			into["conversation/"+string(conv)] = protocol.Item{Conversation: &protocol.ConversationItem{Conversation: conv, State: protocol.StateActive}}
		}
	}
	maps.Copy(into, r.extra[who.Actor()])
	return nil
}

// show sets or drops one item of an actor's view.
func (r *record) show(actor, key string, item *protocol.Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.extra[actor] == nil {
		r.extra[actor] = map[string]protocol.Item{}
	}
	r.versions[actor]++
	if item == nil {
		delete(r.extra[actor], key)
		return
	}
	r.extra[actor][key] = *item
}

func (r *record) ActorVersions(_ context.Context, actors []string) (map[string]int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]int64{}
	for _, a := range actors {
		out[a] = r.versions[a]
	}
	return out, nil
}

var errWho = protocol.NewError(protocol.CodeUnauthenticated, "Please sign in.")

func (r *record) Visitor(_ context.Context, token string) (protocol.Principal, error) {
	r.mu.Lock()
	if after := r.proved; after != nil {
		r.proved = nil
		defer after()
	}
	defer r.mu.Unlock()
	switch {
	case r.revoked[token]:
	case token == "secret-a":
		return visitorA, nil
	case token == "secret-b":
		return visitorB, nil
	}
	return protocol.Principal{}, errWho
}

func (r *record) NewVisitor(_ context.Context, v signaling.NewVisitor) (protocol.Principal, string, error) {
	if v.SiteKey != "shop" {
		return protocol.Principal{}, "", protocol.NewError(protocol.CodeUnknownSite, "Unknown site.")
	}
	return visitorA, "secret-a", nil
}

func (r *record) SignIn(_ context.Context, email, password, _ string) (protocol.Principal, string, time.Time, error) {
	if email == "eve@example.com" && password == "secret-password" {
		return agent, "secret-eve", time.Now().Add(time.Hour), nil
	}
	return protocol.Principal{}, "", time.Time{}, errWho
}

func (r *record) Session(_ context.Context, token string) (protocol.Principal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.revoked[token]:
	case token == "secret-eve":
		return agent, nil
	case token == "secret-tim":
		if now, ok := r.changed[clerk.Session]; ok {
			return now, nil
		}
		return clerk, nil
	}
	return protocol.Principal{}, errWho
}

func (r *record) Sessions(_ context.Context, sessions []string) (map[string]protocol.Principal, error) {
	held, looked, err := r.held(sessions)
	if looked != nil {
		looked()
	}
	return held, err
}

func (r *record) held(sessions []string) (map[string]protocol.Principal, func(), error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	held := map[string]protocol.Principal{}
	for token, who := range map[string]protocol.Principal{"secret-eve": agent, "secret-tim": clerk} {
		if now, ok := r.changed[who.Session]; ok {
			who = now
		}
		if !r.revoked[token] && slices.Contains(sessions, who.Session) {
			held[who.Session] = who
		}
	}
	return held, r.looked, r.unsigned
}

func (r *record) EndedVisitors(_ context.Context, visitors []protocol.VisitorID) (map[protocol.VisitorID]bool, error) {
	r.mu.Lock()
	ended := map[protocol.VisitorID]bool{}
	for token, who := range map[string]protocol.Principal{"secret-a": visitorA, "secret-b": visitorB} {
		if r.revoked[token] && slices.Contains(visitors, who.Visitor) {
			ended[who.Visitor] = true
		}
	}
	r.mostLooked = max(r.mostLooked, len(visitors))
	looked, err := r.looked, r.unsigned
	r.mu.Unlock()
	if looked != nil {
		looked()
	}
	return ended, err
}

func (r *record) SignedOut(_ context.Context, who protocol.Principal) {
	if r.signedOut != nil {
		r.signedOut(who)
	}
}

func (r *record) SignOut(_ context.Context, who protocol.Principal) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for token, one := range map[string]protocol.Principal{"secret-eve": agent, "secret-tim": clerk, "secret-a": visitorA, "secret-b": visitorB} {
		if one.Actor() == who.Actor() {
			r.revoked[token] = true
		}
	}
	return nil
}

func (r *record) Site(_ context.Context, key string) (signaling.Site, error) {
	if key != "shop" {
		return signaling.Site{}, protocol.NewError(protocol.CodeUnknownSite, "Unknown site.")
	}
	return signaling.Site{Key: "shop", Name: "The </script> Shop", Color: "#123456", Origins: []string{"https://shop.example", "http://127.0.0.1:4000", "bad; origin"}}, nil
}

func (r *record) Status(context.Context, string) (protocol.SiteItem, error) {
	return protocol.SiteItem{Name: "Shop", Open: true}, nil
}

func (r *record) Here(who protocol.Caller) {
	r.sign("here " + who.Actor())
	r.mu.Lock()
	slow := r.slowHere
	r.mu.Unlock()
	if slow != nil {
		slow()
	}
}
func (r *record) Gone(who protocol.Caller) { r.sign("gone " + who.Actor()) }
func (r *record) sign(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.signs = append(r.signs, s)
}

func (r *record) signed(s string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, one := range r.signs {
		if one == s {
			n++
		}
	}
	return n
}

var build = fstest.MapFS{
	"widget/parlour.js":      {Data: []byte(strings.Repeat("console.log('loader');", 20))},
	"widget/cobrowse.js":     {Data: []byte("capture")},
	"widget/panel.html":      {Data: []byte(`<html><head><style>b{}</style><script type="application/json" id="bootstrap">null</script></head><body><script>keep()</script></body></html>`)},
	"widget/assets/a-1.js":   {Data: []byte("asset")},
	"desk/index.html":        {Data: []byte("<html>desk</html>")},
	"viewer/viewer.html":     {Data: []byte("<html>viewer</html>")},
	"viewer/viewer.js":       {Data: []byte("viewer")},
	"desk/assets/desk-1.css": {Data: []byte("desk")},
}

// A house is one node: hub, edge and server.
type house struct {
	t      testing.TB
	record *record
	hub    *signaling.Hub
	edge   *signaling.Edge
	server *httptest.Server

	answered *string // where climb puts the SDP answer, if anywhere
}

func newHouse(t testing.TB, r *record, change func(*signaling.Options)) *house {
	t.Helper()
	return newNode(t, r, "n1", nil, change)
}

func newNode(t testing.TB, r *record, node protocol.NodeID, bus signaling.Bus, change func(*signaling.Options)) *house {
	t.Helper()
	hub := signaling.NewHub(signaling.HubOptions{Node: node, Bus: bus})
	o := signaling.Options{
		Hub: hub, Log: r, View: r, Versions: r, Identities: r, Sites: r, Presence: r, Insight: r, Web: build,
		Epoch: func() string { return "epoch-1" }, Address: "127.0.0.1:0", Timers: signaling.Timers{Poll: time.Hour},
	}
	if change != nil {
		change(&o)
	}
	edge, err := signaling.New(o)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, record: r, hub: hub, edge: edge}
	edge.On(protocol.UpPost, signaling.Command(func(ctx context.Context, who protocol.Caller, op protocol.Op, b protocol.Post) (protocol.Ack, error) {
		ack, err := r.post(ctx, who, op, b)
		if err == nil {
			hub.EntriesAdded(ws, b.Conversation)
		}
		return ack, err
	}))
	edge.On(protocol.UpSince, signaling.Query(protocol.DownEntries, func(ctx context.Context, who protocol.Caller, _ protocol.Op, b protocol.Since) (protocol.Entries, error) {
		return r.Entries(ctx, who.Principal, b.Conversation, b.After)
	}))
	edge.On(protocol.UpTyping, signaling.Notice(func(_ context.Context, who protocol.Caller, b protocol.Typing) error {
		hub.Typing(ws, b.Conversation, who, protocol.TypingNow{Conversation: b.Conversation, Typing: b.Typing})
		return nil
	}))
	h.server = httptest.NewServer(edge.Handler())
	t.Cleanup(func() {
		_ = edge.Close()
		h.server.Close()
		_ = hub.Close()
	})
	return h
}

// everything gives every kind a handler that says yes.
func (h *house) everything() {
	yes := protocol.Ack{ID: "done"}
	h.edge.On(protocol.UpAsk, accept[protocol.Ask](yes))
	for _, kind := range []string{protocol.UpLeave, protocol.UpEnd, protocol.UpPark, protocol.UpUnpark, protocol.UpClear, protocol.UpStay, protocol.UpPick, protocol.UpCobrowseAsk} {
		h.edge.On(kind, accept[protocol.OfConversation](yes))
	}
	h.edge.On(protocol.UpMark, signaling.Notice(func(context.Context, protocol.Caller, protocol.Mark) error { return nil }))
	h.edge.On(protocol.UpDeclare, accept[protocol.Declare](yes))
	h.edge.On(protocol.UpLeaveMessage, accept[protocol.LeaveMessage](yes))
	h.edge.On(protocol.UpProfile, accept[protocol.ChooseProfile](yes))
	h.edge.On(protocol.UpAutoAccept, accept[protocol.Switch](yes))
	h.edge.On(protocol.UpUsed, signaling.Notice(func(context.Context, protocol.Caller, protocol.Used) error { return nil }))
	h.edge.On(protocol.UpNext, accept[protocol.OfQueue](yes))
	for _, kind := range []string{protocol.UpTransfer, protocol.UpInvite, protocol.UpEnquire} {
		h.edge.On(kind, accept[protocol.TeamAsk](yes))
	}
	h.edge.On(protocol.UpCancel, accept[protocol.OfRequest](yes))
	h.edge.On(protocol.UpDepart, accept[protocol.Depart](yes))
	h.edge.On(protocol.UpAccept, accept[protocol.OfOffer](yes))
	h.edge.On(protocol.UpReject, accept[protocol.OfOffer](yes))
	h.edge.On(protocol.UpCallAsk, accept[protocol.CallAsk](yes))
	h.edge.On(protocol.UpCallAnswer, accept[protocol.CallAnswer](yes))
	h.edge.On(protocol.UpCallJoin, accept[protocol.CallJoin](yes))
	h.edge.On(protocol.UpCallTrickle, signaling.Notice(func(context.Context, protocol.Caller, protocol.CallTrickle) error { return nil }))
	h.edge.On(protocol.UpCallMute, accept[protocol.CallMute](yes))
	h.edge.On(protocol.UpCallHangUp, accept[protocol.OfCall](yes))
	h.edge.On(protocol.UpCobrowseAnswer, accept[protocol.CobrowseAnswer](yes))
	h.edge.On(protocol.UpCobrowseStop, accept[protocol.OfCobrowse](yes))
	h.edge.On(protocol.UpCobrowseWatch, accept[protocol.OfCobrowse](yes))
}

func accept[T any](ack protocol.Ack) signaling.Handler {
	return signaling.Command(func(context.Context, protocol.Caller, protocol.Op, T) (protocol.Ack, error) { return ack, nil })
}
