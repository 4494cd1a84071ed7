package store

import "github.com/parlour-chat/parlour/signaling/protocol"

// A Site is one website with its widget. Key is what stands in the snippet.
type Site struct {
	ID          protocol.SiteID
	Workspace   protocol.WorkspaceID
	Key         string
	Name        string
	Origins     []string           // pages that may embed the panel, as scheme://host[:port]
	Queues      []protocol.QueueID // the first one takes what names none
	Audio       bool
	Video       bool
	Cobrowse    bool
	HostStorage bool          // the loader may keep the resume token in first-party storage
	Identity    []IdentityKey // keys with which the site's backend signs its visitors
	Mask        []string      // CSS selectors masked in co-browsing, besides the built-in floor
	Color       string        // accent, #rrggbb
	Rules       SiteRules
}

// An IdentityKey verifies the site's JWTs (HS256, ES256). It is never sent out.
type IdentityKey struct {
	ID, Algorithm, Secret string
}

// A Queue orders conversations.
type Queue struct {
	ID        protocol.QueueID
	Workspace protocol.WorkspaceID
	Key       string
	Name      string
	Weight    int   // 1 to 10
	OfferMs   int64 // how long an offer rings; 0: the server's default
	WrapUpMs  int64 // wrap-up limit; 0: the server's default, below 0: none
	Rules     QueueRules
}

// A Profile (work level) is a named set of queues and of kinds of contact.
type Profile struct {
	ID     protocol.ProfileID
	Name   string
	Queues []protocol.QueueID
	Media  []string // chat, audio, video, cobrowse
}

// An Agent answers. Declared state lives here; whether a desktop is connected is Redis' to know.
type Agent struct {
	ID           protocol.AgentID
	Workspace    protocol.WorkspaceID
	Email        string
	Name         string
	PasswordHash string // argon2id, PHC form
	Role         protocol.RoleID
	Permissions  []protocol.Permission // of the role
	Profile      Profile
	MaxChats     int
	Declared     protocol.Declared
	Reason       string
	DeclaredAt   int64
	LastAccepted int64
	Load         int // sum of the slots' cost
	Slots        int
	Disabled     bool
	Profiles     []Profile // that the agent may choose of; Profile is the chosen one
	Skills       map[string]int
	Rules        AgentRules
	AutoAccept   bool // the agent's own switch
	Videos       int  // slots with video now
	// Version is of the agent's view when the row was read; see Standing.
	Version int64

	profiles []protocol.ProfileID
}

// A Visitor is the person on the website, known by a token whose SHA-256 is kept.
type Visitor struct {
	ID        protocol.VisitorID
	Workspace protocol.WorkspaceID
	Site      protocol.SiteID
	Name      string
	Email     string
	Subject   string // the site's own name for the person, when signed
	Created   int64
}

// A Conversation is one matter between a visitor and agents.
type Conversation struct {
	ID         protocol.ConversationID
	Workspace  protocol.WorkspaceID
	Site       protocol.SiteID
	Visitor    protocol.VisitorID
	Queue      protocol.QueueID
	State      protocol.ConversationState
	Outcome    string // abandoned, missed, ended
	Owner      protocol.AgentID
	Seq        int64 // newest entry
	VisitorSeq int64 // newest entry the visitor may see, in his own count
	Name       string
	Email      string
	Verified   bool
	Form       map[string]string
	First      string // first message
	Asked      int64  // first enqueue: coming back to the queue keeps it
	Started    int64  // first accept
	Ended      int64
	TurnSince  int64 // the visitor's first message since the agent's last; 0 when it is not the agent's turn
	Rounds     int   // offers made so far

	Kind       string                  // KindConsult, or empty
	Parent     protocol.ConversationID // of an enquiry
	Previous   protocol.ConversationID // of the same visitor, before this one
	Medium     string                  // asked for: chat, audio, video
	Boost      int64                   // ms added to the effective wait
	Sticky     protocol.AgentID        // to be asked first
	Transfers  int                     // how often it went to another owner
	Missed     string                  // why a message was left
	ReplyDue   int64                   // when the first reply is; 0: the timer does not run
	ReplyStage int                     // 0 runs, 1 reminded, 2 a supervisor was told
	Requeued   int64                   // when it came back to a queue last; 0: never

	VisitorDelivered, VisitorRead int64 // in visitor seqs
	AgentDelivered, AgentRead     int64 // in seqs

	Touched []string // actors whose view was changed by the method that returned this
}

// Enqueued is when its visitor began to wait: its place counts from Asked, the
// wait that people read from here.
func (c Conversation) Enqueued() int64 { return max(c.Asked, c.Requeued) }

// KindConsult is the kind of an enquiry: a conversation among agents about another one.
const KindConsult = "consult"

// An Entry is one line of the record.
type Entry struct {
	Conversation protocol.ConversationID
	Seq          int64
	VisitorSeq   int64 // 0: not for the visitor
	ID           protocol.EntryID
	Kind         protocol.EntryKind
	Audience     protocol.Audience
	Author       protocol.Author
	Actor        string // Principal.Actor, or "system"
	Op           protocol.Op
	At           int64
	Body         protocol.EntryBody
}

// An Outcome is how an offer ended.
type Outcome string

const (
	OutcomeAccepted  Outcome = "accepted"
	OutcomeRejected  Outcome = "rejected"
	OutcomeTimedOut  Outcome = "timed_out"
	OutcomeRescinded Outcome = "rescinded"

	// OutcomeFailedSetup is of an offer of a call that was accepted and whose call
	// did not come about. The agent keeps the conversation, by chat.
	OutcomeFailedSetup Outcome = "failed_setup"
)

// An Offer is the question whether an agent will take a conversation. Its id is
// the fencing token: only the row decides.
type Offer struct {
	ID           protocol.OfferID
	Workspace    protocol.WorkspaceID
	Conversation protocol.ConversationID
	Queue        protocol.QueueID
	Agent        protocol.AgentID
	Round        int
	Cost         int
	Offered      int64
	Deadline     int64
	Outcome      Outcome // empty while it rings
	Cause        string  // reject reason, or why it was rescinded
	Settled      int64
	Kind         protocol.OfferKind
	Request      protocol.RequestID // that it is of; empty for kinds offer and all
	Load         int                // the agent's when it rang
	Before       protocol.Declared  // the agent's state when it rang
	After        protocol.Declared  // and when it was settled
	TakenBy      string             // superseded: name of who took it

	Superseded []Offer // by Accept: the others' offers that ended with it

	// Standing is the agent's after an Accept of kind offer, in the same
	// transaction. Its Version is 0 where it is not told.
	Standing Standing

	Touched []string // actors whose view was changed by the method that returned this
}

// A Standing is what an agent carries, as of a version of the agent's view: of
// two, that with the higher version was committed later. Changes of what else is
// known of an agent do not show in the version.
type Standing struct {
	Version      int64
	Load         int
	Slots        int
	LastAccepted int64
}

// A Slot is a conversation's place among an agent's units.
type Slot struct {
	Conversation protocol.ConversationID
	Agent        protocol.AgentID
	State        protocol.SlotState
	Cost         int
	Since        int64 // in this state
	Started      int64 // accepted
	WrapUntil    int64 // 0: no limit
	Role         string
	Medium       string // the dearest one now
	Whole        int    // what it costs while it runs; Cost is what it costs now
	Over         bool   // over the agent's capacity by right: not counted by R1
	WakeUntil    int64  // parked and the visitor wrote: it waits for its owner until
}

// Roles of slots.
const (
	RoleOwner = "owner"
	RoleGuest = "guest"
	RoleAsker = "asker" // of an enquiry: it costs nothing
)

// A StepState is where a call or a co-browse session stands.
type StepState string

const (
	StepAsked   StepState = "asked"
	StepRunning StepState = "running"
	StepRefused StepState = "refused"
	StepEnded   StepState = "ended"
)

// A Step is what a call and a co-browse session have in common: a question that
// the other side allows or refuses, and what runs by that consent.
type Step struct {
	Conversation protocol.ConversationID
	State        StepState
	Asked        int64
	Deadline     int64 // of the question; 0: none
	Started      int64
	Ended        int64
	Cause        string

	Touched []string // actors whose view was changed by the method that returned this
}

// Live tells that the step is asked for or runs.
func (s Step) Live() bool { return s.State == StepAsked || s.State == StepRunning }

// Common is the step itself, of a call as of a co-browse session.
func (s Step) Common() Step { return s }

// A Call is pinned to the node that carries its media.
type Call struct {
	Step
	ID          protocol.CallID
	Media       protocol.Media
	AskedBy     protocol.PrincipalKind
	AskedByName string
	Node        protocol.NodeID
	SetUp       int64 // when two parties were connected first; 0: not yet
	Parties     []Party

	nextOrdinal int
}

// A Party is one person in a call. Ordinals are fixed while a party is in it:
// the visitor is 0, agents follow in the order of joining.
type Party struct {
	Actor      string
	Side       protocol.PrincipalKind
	Name       string
	Ordinal    int
	Connection protocol.ConnectionID // that holds the leg
	Here       bool
	Audio      bool
	Video      bool
}

// A Cobrowse is one consent to see the visitor's page.
type Cobrowse struct {
	Step
	ID        protocol.CobrowseID
	Agent     protocol.AgentID
	AgentName string
	Page      protocol.ConnectionID // that shows the page; empty: none has yet
	PageGone  int64                 // since when it is gone, ms; 0: it is there

	pageNode protocol.NodeID
}

// A Head is what the once-a-second poll compares: a lost hint is healed by it.
type Head struct {
	Seq, VisitorSeq               int64
	VisitorDelivered, VisitorRead int64
	AgentDelivered, AgentRead     int64
}
