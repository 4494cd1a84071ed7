package chat_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// asFile is the house's workspace as a file would declare it.
const asFile = `
workspace: {key: another}
settings: {skills: [german]}
calendars: [{key: shop, zone: Europe/Berlin, week: {mon-sun: ["00:00-24:00"]}}]
queues: [{key: sales, name: Sales, calendar: shop, units: {chat: 40}}]
sites: [{key: shop, name: Shop, origins: ["https://shop.test"], queues: [sales]}]
profiles: [{name: all, queues: [sales], media: [chat, audio, video, cobrowse]}]
roles: [{name: agent, permissions: [desk, call.start, cobrowse.start]}]
agents:
  - {email: anna@shop.test, name: Anna, role: agent, profile: all, max_chats: 4, skills: {german: 1}}
  - {email: ben@shop.test, name: Ben, role: agent, profile: all, max_chats: 4}
`

func TestAChangedFileIsTried(t *testing.T) { // ROUTE-12, S1
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t, ruled(store.QueueRules{Units: map[string]int{"chat": 40}}), func(w *store.Workspace) {
			for i := range w.Agents {
				w.Agents[i].MaxChats = 4
			}
		})
		ctx := t.Context()
		sam := h.agents[2].Principal
		sam.Permissions = append([]protocol.Permission{protocol.PermWatch}, sam.Permissions...)
		try := func(replace ...string) protocol.TryResult {
			t.Helper()
			got, err := h.TryFile(ctx, sam, protocol.TryFile{File: strings.NewReplacer(replace...).Replace(asFile)})
			h.must(err)
			return got
		}
		ben := h.ready(1)
		first := h.ask(h.visitor(), "first")
		offer := h.offered(ben)
		h.accept(ben, offer.Offer)
		second := h.ask(h.visitor(), "second")
		h.accept(ben, h.offered(ben).Offer)
		third := h.ask(h.visitor(), "third")
		h.until("it is kept that nobody can take the third", func() bool {
			last, err := h.store.LastDecisions(ctx, h.ws, 1)
			h.must(err)
			return last[0].Body.What == "nobody" && len(last[0].Body.Skipped) > 0 && last[0].Body.Next == "slot_frees"
		})
		rows := func(list []protocol.TryRow) (text string) {
			for _, r := range list {
				name := map[protocol.ConversationID]string{first: "first", second: "second", third: "third"}[r.Conversation]
				text += strings.TrimSpace(name+" "+r.WasName+">"+r.WouldName+" "+string(r.Refused)) + "; "
			}
			return text
		}
		before := kept(t, h, first, second, third)
		if same := try(); same.Differ != 0 || same.Decisions < 3 || same.Waiting != 1 || same.WaitingDiffer != 0 {
			t.Errorf("the same file: %+v", same)
		}
		// German is needed, which Ben does not speak; Anna was not there
		if got := try("name: Sales,", "name: Sales, needs: {german: 1},"); got.Differ != 2 || rows(got.Past) != "second Ben>; first Ben>; " || got.Now == nil || len(got.Now) != 0 {
			t.Errorf("another skill: %d, %s and %s", got.Differ, rows(got.Past), rows(got.Now))
		}
		// a chat costs less: those who waited then, and who waits now
		got := try("chat: 40", "chat: 20")
		if !strings.Contains(rows(got.Past), ">Ben") || rows(got.Now) != "third >Ben; " || got.Now[0].Rule != "only" || got.Now[0].Queue != "Sales" {
			t.Errorf("more room: %s and %s", rows(got.Past), rows(got.Now))
		}
		// Ben may have two chats of 25, and thereby one of 40
		if got := try("name: Ben, role: agent, profile: all, max_chats: 4", "name: Ben, role: agent, profile: all, max_chats: 2"); rows(got.Past) != "second Ben>; " {
			t.Errorf("less room: %s", rows(got.Past))
		}
		if got := try(`["00:00-24:00"]`, `[]`); got.Differ != got.Decisions || !strings.HasSuffix(rows(got.Past), "first Ben> closed; ") || len(got.Now) != 0 {
			t.Errorf("closed for ever: %d of %d, %s and %s", got.Differ, got.Decisions, rows(got.Past), rows(got.Now))
		}
		if got := try(`["00:00-24:00"]`, `[]`, "calendar: shop", "calendar: shop, at_closing: message"); rows(got.Now) != "third > closed; " {
			t.Errorf("closed, with a message: %s", rows(got.Now))
		}
		if few, err := h.TryFile(ctx, sam, protocol.TryFile{File: asFile, Decisions: 1}); err != nil || few.Decisions != 1 {
			t.Errorf("one decision: %+v, %v", few, err)
		}
		if after := kept(t, h, first, second, third); after != before {
			t.Errorf("the record has changed from\n%s\nto\n%s", before, after)
		}
	})
}

// kept is what the record has of the house's work: what was decided, who is
// asked, the conversations with their entries, the queues and the agents.
func kept(t *testing.T, h *house, conversations ...protocol.ConversationID) string {
	t.Helper()
	ctx := t.Context()
	decisions, err := h.store.LastDecisions(ctx, h.ws, 1000)
	h.must(err)
	offers, err := h.store.OpenOffers(ctx, h.ws)
	h.must(err)
	queues, err := h.store.Queues(ctx, h.ws)
	h.must(err)
	agents, err := h.store.Agents(ctx, h.ws)
	h.must(err)
	all := []any{decisions, offers, queues, agents}
	for _, c := range conversations {
		entries, _, err := h.store.Entries(ctx, h.ws, c, 0, 1000, false)
		h.must(err)
		all = append(all, h.conv(c), entries)
	}
	text, err := json.Marshal(all)
	h.must(err)
	return string(text)
}

func TestWhoMayTryAFile(t *testing.T) { // S1
	h := newHouse(t)
	ctx, ben, sam := t.Context(), h.agents[1], h.agents[2].Principal
	sam.Permissions = append([]protocol.Permission{protocol.PermWatch}, sam.Permissions...)
	for name, tt := range map[string]struct {
		who  protocol.Principal
		of   protocol.TryFile
		code protocol.Code
	}{
		"who may not read all": {ben.Principal, protocol.TryFile{File: asFile}, protocol.CodeForbidden},
		"another workspace":    {protocol.Principal{Kind: protocol.KindAgent, Workspace: "other", Permissions: sam.Permissions}, protocol.TryFile{File: asFile}, protocol.CodeForbidden},
		"no file":              {sam, protocol.TryFile{}, protocol.CodeInvalid},
		"a wrong key":          {sam, protocol.TryFile{File: asFile + "agentz: []"}, protocol.CodeInvalid},
		"too many":             {sam, protocol.TryFile{File: asFile, Decisions: 1001}, protocol.CodeInvalid},
		"less than none":       {sam, protocol.TryFile{File: asFile, Decisions: -1}, protocol.CodeInvalid},
	} {
		if _, err := h.TryFile(ctx, tt.who, tt.of); code(err) != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
}

// Of what differs at most 200 rows are told, and all are counted.
func TestManyDifferencesAreCounted(t *testing.T) { // ROUTE-12
	h := newHouse(t)
	sam := h.agents[2].Principal
	sam.Permissions = append([]protocol.Permission{protocol.PermWatch}, sam.Permissions...)
	var list []store.Decision
	for range 1010 {
		d := h.verdict(protocol.NewID[string](), 1000)
		d.Body.Skipped = []protocol.Candidate{{Agent: h.agents[0].Agent, Reason: protocol.ReasonSkill, Free: true}}
		d.Body.Class = string(h.queue.ID) + ".chat.25.-"
		list = append(list, d)
	}
	h.must(h.store.Decide(t.Context(), list))
	got, err := h.TryFile(t.Context(), sam, protocol.TryFile{File: asFile})
	if err != nil || got.Decisions != 1000 || got.Differ != 1000 || len(got.Past) != 200 || got.Past[0].WouldName != "Anna" || got.Past[0].Unknown != 1 {
		t.Errorf("%d tried, %d differ, %d told: %v", got.Decisions, got.Differ, len(got.Past), err)
	}
}
