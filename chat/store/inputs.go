package store

import (
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A Workspace is what a workspace file declares. Lists refer to each other by
// id; rows that exist already by key, name or e-mail keep the id they have.
type Workspace struct {
	ID        protocol.WorkspaceID
	Name      string
	Sites     []Site
	Queues    []Queue
	Profiles  []Profile
	Roles     []Role
	Calendars []Calendar
	Settings  Settings
	Agents    []Agent // Profile.ID and Role name rows of this workspace; an empty PasswordHash keeps the old one
}

// A Role is a named set of rights.
type Role struct {
	ID          protocol.RoleID
	Name        string
	Permissions []protocol.Permission
}

// Changes tells what Apply did, as "kind key".
type Changes struct {
	Created, Updated, Disabled []string
}

// AskIn is a visitor's first message, which makes the conversation.
type AskIn struct {
	Workspace protocol.WorkspaceID
	Site      protocol.SiteID
	Visitor   protocol.VisitorID
	Queue     protocol.QueueID
	Op        protocol.Op
	Name      string
	Email     string
	Verified  bool
	Form      map[string]string
	Text      string
	Author    protocol.Author
	// MaxOpen refuses, with CodeWrongState, what would be one conversation more
	// that the visitor has open at once; 0 does not count.
	MaxOpen int

	Medium string `json:",omitempty"` // chat, audio, video; empty: chat
	// What the server adds, which is not part of the command.
	Previous protocol.ConversationID `json:"-"`
	Sticky   protocol.AgentID        `json:"-"` // to be asked first
	Boost    int64                   `json:"-"` // ms
	Limits   AskLimits               `json:"-"`
}

// AskLimits are how many may wait, or run, before one more is refused with
// CodeFull; 0: no limit.
type AskLimits struct {
	Queue       int // waiting in the queue
	Site        int // waiting, of the site
	SiteRunning int
	Workspace   int // waiting in all queues
	Running     int // in the workspace
}

// AppendIn is one entry to be added to a conversation.
type AppendIn struct {
	Workspace    protocol.WorkspaceID
	Conversation protocol.ConversationID
	Actor        string
	Op           protocol.Op // empty: not a command, cannot be replayed
	Kind         protocol.EntryKind
	Audience     protocol.Audience
	Author       protocol.Author
	Body         protocol.EntryBody
	TurnOf       protocol.PrincipalKind // whose turn it is after this: agent starts the turn's clock if it does not run, visitor stops it, empty leaves it
	// For whoever asks for it, where one is set: the conversation has to be the
	// visitor's, or the agent has to own it or hold a slot in it, else it is not
	// found (S1). The visitor's name is the one that the conversation has.
	Visitor protocol.VisitorID
	Agent   protocol.AgentID
}

// Posted is an entry that was added, and what its author's side has to tell.
type Posted struct {
	Entry
	Existed bool             // it had been carried out before
	Owner   protocol.AgentID // of the conversation
	Turned  bool             // the turn's clock was started or stopped, or that of the first reply was stopped
}

// AskCallIn asks the other side for a call.
type AskCallIn struct {
	Workspace    protocol.WorkspaceID
	Conversation protocol.ConversationID
	Media        protocol.Media
	Node         protocol.NodeID // that will carry it
	Author       protocol.Author
	Actor        string
	Op           protocol.Op
	Stands       time.Duration // how long the question does; 0 or less: until it is answered
}

// AskCobrowseIn asks the visitor to show the page.
type AskCobrowseIn struct {
	Workspace    protocol.WorkspaceID
	Conversation protocol.ConversationID
	Agent        protocol.AgentID
	Author       protocol.Author
	Op           protocol.Op
	Stands       time.Duration // how long the question does; 0 or less: until it is answered
}

// AnswerIn allows or refuses what was asked for: a call or a co-browse session.
type AnswerIn[ID ~string] struct {
	Workspace protocol.WorkspaceID
	Step      ID
	Allow     bool
	Cause     string // of a refusal; may be empty
	Author    protocol.Author
	Actor     string
	Op        protocol.Op
}

// An AgentState is one row of an agent's timeline (STATE-5).
type AgentState struct {
	Declared protocol.Declared
	Reason   string
	Actor    string
	Cause    string
	At       int64
}

// A Consent is one row of the ledger: who allowed a call or a co-browse
// session (Subject), and until when.
type Consent struct {
	Subject      string
	Conversation protocol.ConversationID
	Kind         string // audio, video, cobrowse
	Actor        string
	Allowed      int64
	Revoked      int64 // 0 while it holds
}
