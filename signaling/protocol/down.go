package protocol

// Kinds that the server sends.
const (
	DownWelcome          = "connection.welcome"
	DownPing             = "connection.ping"
	DownMove             = "connection.move"
	DownAck              = "ack"
	DownError            = "error"
	DownEntries          = "chat.entries"
	DownTyping           = "chat.typing"
	DownMarks            = "chat.marks"
	DownSnapshot         = "view.snapshot"
	DownPatch            = "view.patch"
	DownCallJoined       = "call.joined"
	DownCobrowseSnapshot = "cobrowse.snapshot"
)

// Welcome answers Hello. Secret proves the connection when another transport
// joins it; it is never put into a URL.
type Welcome struct {
	Connection   ConnectionID `json:"connection"`
	Secret       string       `json:"secret"`
	Epoch        string       `json:"epoch"` // of the record; another one means: resync all, keep the outbox (D12)
	You          Author       `json:"you"`
	Permissions  []Permission `json:"permissions,omitempty"`
	AckTimeoutMs int64        `json:"ackTimeoutMs"`
	Now          int64        `json:"now"`          // the server's clock, for showing times only
	DataChannels bool         `json:"dataChannels"` // whether the server has a port open for them
	// MessageCharacters is the most that a message may have (Unicode code points).
	MessageCharacters int `json:"messageCharacters"`
}

// Ping asks for a Pong. The server sends one when a connection was idle.
type Ping struct{}

// Move asks the client to connect anew after a while: this node is about to stop.
type Move struct {
	AfterMs int64 `json:"afterMs"`
}

// Ack says that a command has been carried out and, where it made an entry,
// that the entry is stored for good (D1).
type Ack struct {
	Conversation ConversationID `json:"conversation,omitempty"`
	Seq          int64          `json:"seq,omitempty"`
	ID           string         `json:"id,omitempty"` // of what the command made
	At           int64          `json:"at,omitempty"`
}

// Failed is the body of an error frame. The op tells which command failed; an
// error without an op is about the connection.
type Failed struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Retry   bool   `json:"retry,omitempty"`
}

// Entries are lines of one conversation's log, dense and in order. Last is the
// newest seq there is for this reader.
type Entries struct {
	Conversation ConversationID `json:"conversation"`
	Entries      []Entry        `json:"entries"`
	Last         int64          `json:"last"`
}

// TypingNow tells that somebody types, or stopped.
type TypingNow struct {
	Conversation ConversationID `json:"conversation"`
	Who          Author         `json:"who"`
	Typing       bool           `json:"typing"`
}

// A ReadMark is how far one side has got, in the reader's own seqs.
type ReadMark struct {
	Side      PrincipalKind `json:"side"`
	Delivered int64         `json:"delivered"`
	Read      int64         `json:"read"`
}

// Marks holds a conversation's marks.
type Marks struct {
	Conversation ConversationID `json:"conversation"`
	Marks        []ReadMark     `json:"marks"`
}

// Snapshot is the whole view of this connection: what the person may see now.
// Keys are "type/id".
type Snapshot struct {
	Version int64           `json:"version"`
	Items   map[string]Item `json:"items"`
}

// Patch changes the view from one version to the next. A client that holds
// another version than From asks by Resume for a new snapshot.
type Patch struct {
	From    int64           `json:"from"`
	Version int64           `json:"version"`
	Set     map[string]Item `json:"set,omitempty"`
	Drop    []string        `json:"drop,omitempty"`
}

// CallJoined answers CallJoin with the server's SDP answer, all candidates in it.
type CallJoined struct {
	Call CallID `json:"call"`
	SDP  string `json:"sdp"`
}

// CobrowseSnapshot asks the visitor's page for a full snapshot with a new gen.
type CobrowseSnapshot struct {
	Cobrowse CobrowseID `json:"cobrowse"`
}
