package signaling

import (
	"context"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Log gives a conversation's record as one reader may see it.
type Log interface {
	// Entries gives at most 200 entries after a seq, in the reader's own seqs,
	// dense and in order. It checks that the reader has to do with the
	// conversation.
	Entries(ctx context.Context, who protocol.Principal, conv protocol.ConversationID, after int64) (protocol.Entries, error)
	// Follow is Entries for one whom EntriesAdded of this node has woken. What
	// other nodes have added may be missing in it: Entries has that.
	Follow(ctx context.Context, who protocol.Principal, conv protocol.ConversationID, after int64) (protocol.Entries, error)
	// Heads gives the newest seqs of many conversations; unknown ones are left out.
	Heads(ctx context.Context, convs []protocol.ConversationID) (map[protocol.ConversationID]Head, error)
	// Marks gives how far each side has got, in the reader's own seqs.
	Marks(ctx context.Context, who protocol.Principal, conv protocol.ConversationID) (protocol.Marks, error)
}

// A Head is where a conversation's log ends.
type Head struct {
	Last        int64 // newest seq, as agents count
	VisitorLast int64 // newest seq, as the visitor counts
	Marks       int64 // any number that changes whenever the marks do, for instance their sum; 0: not known
}

// A ViewSource puts into a map everything that a caller may see now, by keys
// "type/id". It is called for one connection at a time only, from many
// connections at once.
type ViewSource interface {
	Items(ctx context.Context, who protocol.Caller, into map[string]protocol.Item) error
}

// Versions tells which views may have changed though no hint came. Actors are
// those of Principal.Actor; an actor that is left out has version 0.
type Versions interface {
	ActorVersions(ctx context.Context, actors []string) (map[string]int64, error)
}

// NewVisitor is what a page says of a visitor it has never seen. Identity is a
// JWT signed by the site's backend, or empty.
type NewVisitor struct {
	SiteKey, Identity, Name string
}

// Identities proves who somebody is. Wrong credentials give a protocol.Error
// with CodeUnauthenticated, whatever was wrong with them.
type Identities interface {
	Visitor(ctx context.Context, token string) (protocol.Principal, error)
	NewVisitor(ctx context.Context, v NewVisitor) (who protocol.Principal, token string, err error)
	SignIn(ctx context.Context, email, password, ip string) (who protocol.Principal, token string, expires time.Time, err error)
	Session(ctx context.Context, token string) (protocol.Principal, error)
	// Sessions tells which of many sessions still hold, by Principal.Session,
	// and for whom; the others are left out.
	Sessions(ctx context.Context, sessions []string) (map[string]protocol.Principal, error)
	// EndedVisitors tells which of many visitors have had their token ended.
	EndedVisitors(ctx context.Context, visitors []protocol.VisitorID) (map[protocol.VisitorID]bool, error)
	// SignOut ends what proves who: an agent's session, or a visitor's token.
	SignOut(ctx context.Context, who protocol.Principal) error
	// SignedOut does what follows from SignOut, once the connections that were
	// proved by it are cut. What fails is healed by others.
	SignedOut(ctx context.Context, who protocol.Principal)
}

// Insight tells agents what routing knows, where the answer can be longer than
// a frame.
type Insight interface {
	// Targets lists whom who can ask about a conversation that he speaks in.
	Targets(ctx context.Context, who protocol.Principal, conv protocol.ConversationID) (protocol.Targets, error)
	// Why tells what was decided about a conversation that who may read, or about
	// who himself; about others to those who may read all.
	Why(ctx context.Context, who protocol.Principal, of protocol.WhyOf) (protocol.Why, error)
	// DryRun tells what would be decided now, and changes nothing.
	DryRun(ctx context.Context, who protocol.Principal, of protocol.DryRun) (protocol.DryRunResult, error)
	// TryFile tells what a changed workspace file would decide, and changes nothing.
	TryFile(ctx context.Context, who protocol.Principal, of protocol.TryFile) (protocol.TryResult, error)
}

// A Site is what the panel needs to know of the site that embeds it.
type Site struct {
	ID                     protocol.SiteID
	Key, Name              string
	Origins                []string // pages that may embed the panel: scheme://host[:port]
	Color                  string   // CSS colour
	HostStorage            bool     // the loader may keep the resume token
	Audio, Video, Cobrowse bool
	Mask                   []string // selectors whose contents never leave the page
}

// Sites finds sites by key. An unknown key gives CodeUnknownSite.
type Sites interface {
	Site(ctx context.Context, key string) (Site, error)
	Status(ctx context.Context, key string) (protocol.SiteItem, error)
}

// Presence hears who is there. Here is called when a connection is attached and
// at its signs of life, at most every 2 s; Gone when its last transport closed
// or it was silent too long. For one connection the calls come one after the
// other.
type Presence interface {
	Here(who protocol.Caller)
	Gone(who protocol.Caller)
}

// A Check is one line of /readyz: nil says that the part works.
type Check struct {
	Name string
	Run  func(ctx context.Context) error
}

// Channels answers WebRTC offers. OverEndpoint makes it of a transport.Endpoint.
type Channels interface {
	// Answer takes a browser's SDP offer and gives the SDP answer with all
	// candidates. A protocol.Error says why not.
	Answer(ctx context.Context, offer string, h ChannelHandler) (ChannelConn, string, error)
}

// A ChannelHandler hears what happens on one WebRTC connection. Calls for one
// channel come in order; Closed is the last and comes once.
type ChannelHandler interface {
	Message(channel string, binary bool, data []byte)
	Closed(err error)
}

// A ChannelConn is one WebRTC connection. Send never waits.
type ChannelConn interface {
	Send(channel string, binary bool, data []byte) error
	// Buffered is how many bytes wait to be sent.
	Buffered() int
	// Trickle takes the body of a PATCH, application/trickle-ice-sdpfrag.
	Trickle(fragment string) error
	Close()
	Done() <-chan struct{}
}
