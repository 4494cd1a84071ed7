// Package configs holds the settings of Parlour: the annotated file that is
// both the defaults and the manual, and the typed form that the program uses.
package configs

import (
	_ "embed" // for the manual
	"time"
)

// Manual is parlour.yaml: every setting, its default and what it does.
//
//go:embed parlour.yaml
var Manual []byte

// Config is every setting. Each field is explained beside its key in
// parlour.yaml; a test holds the two together. A Config that Load returned is
// valid. Printing it in any form shows no password.
type Config struct {
	Node      Node      `koanf:"node"`
	HTTP      HTTP      `koanf:"http"`
	Ops       Ops       `koanf:"ops"`
	WebRTC    WebRTC    `koanf:"webrtc"`
	Database  Database  `koanf:"database"`
	Redis     Redis     `koanf:"redis"`
	Blob      Blob      `koanf:"blob"`
	Data      Data      `koanf:"data"`
	Secrets   Secrets   `koanf:"secrets"`
	Log       Log       `koanf:"log"`
	Limits    Limits    `koanf:"limits"`
	Session   Session   `koanf:"session"`
	Chat      Chat      `koanf:"chat"`
	Routing   Routing   `koanf:"routing"`
	Transport Transport `koanf:"transport"`
	Call      Call      `koanf:"call"`
	Cobrowse  Cobrowse  `koanf:"cobrowse"`
	Shutdown  Shutdown  `koanf:"shutdown"`
}

// Node names this process among several.
type Node struct {
	ID string `koanf:"id"` // empty: see Config.NodeID
}

// HTTP is the door for visitors, agents and the API.
type HTTP struct {
	Address        string   `koanf:"address"`
	PublicURL      string   `koanf:"public_url"` // empty: see Config.PublicURL
	TLS            TLS      `koanf:"tls"`
	TrustedProxies []string `koanf:"trusted_proxies"` // networks in CIDR form
}

// TLS is the certificate of the HTTP server; both files or none.
type TLS struct {
	CertFile string `koanf:"cert_file"`
	KeyFile  string `koanf:"key_file"`
}

// Ops is the door for metrics and profiles.
type Ops struct {
	Address string `koanf:"address"` // empty: closed
}

// WebRTC is the ports of DataChannels and calls.
type WebRTC struct {
	UDPAddress     string `koanf:"udp_address"` // empty: no UDP
	TCPAddress     string `koanf:"tcp_address"` // empty: no ICE-TCP
	Advertise      string `koanf:"advertise"`   // address:port put into candidates; empty: the machine's
	MaxConnections int    `koanf:"max_connections"`
}

// Database is where the record is kept. URL is already read from URLFile.
type Database struct {
	URL     SecretURL `koanf:"url"` // empty or a path: SQLite; postgres://
	URLFile string    `koanf:"url_file"`
}

// Redis is where queues, presence and deadlines are kept. URL is already read
// from URLFile.
type Redis struct {
	URL     SecretURL `koanf:"url"` // empty: embedded
	URLFile string    `koanf:"url_file"`
}

// Blob is where files and recordings will be kept; nothing uses it yet.
type Blob struct {
	URL SecretURL `koanf:"url"` // empty: see Config.BlobURL
}

// Data is the folder of this process.
type Data struct {
	Directory string `koanf:"directory"`
}

// Secrets is the key that will seal secrets in the record; nothing uses it yet.
type Secrets struct {
	KeyFile string `koanf:"key_file"` // empty: secrets.key in the data folder
}

// Log is how much is logged and in which form.
type Log struct {
	Level  string `koanf:"level"`  // debug, info, warn, error
	Format string `koanf:"format"` // text, json
}

// Limits bounds what one participant or address may do.
type Limits struct {
	MessageCharacters           int `koanf:"message_characters"`
	OutboxBytes                 int `koanf:"outbox_bytes"`
	ConnectionsPerIP            int `koanf:"connections_per_ip"`
	VisitorsPerMinutePerIP      int `koanf:"visitors_per_minute_per_ip"`
	MessagesPerMinutePerVisitor int `koanf:"messages_per_minute_per_visitor"`
	FramesPerSecond             int `koanf:"frames_per_second"`
	PacketsPerSecond            int `koanf:"packets_per_second"`
	RequestsPerSecondPerIP      int `koanf:"requests_per_second_per_ip"`
	WebRTCOffersPerMinutePerIP  int `koanf:"webrtc_offers_per_minute_per_ip"`
	SignInsPerMinutePerIP       int `koanf:"sign_ins_per_minute_per_ip"`

	RequestBodyTimeout time.Duration `koanf:"request_body_timeout"`
}

// Session is how long agents and visitors are remembered.
type Session struct {
	AgentIdle     time.Duration `koanf:"agent_idle"`
	AgentAbsolute time.Duration `koanf:"agent_absolute"`
	VisitorIdle   time.Duration `koanf:"visitor_idle"`
}

// Chat is the timers of conversations.
type Chat struct {
	Poll            time.Duration `koanf:"poll"`
	QuestionTimeout time.Duration `koanf:"question_timeout"`
}

// Routing is the timers of offers, presence and queues.
type Routing struct {
	OfferTimeout   time.Duration `koanf:"offer_timeout"`
	ExcludeFor     time.Duration `koanf:"exclude_for"`
	PresenceClosed time.Duration `koanf:"presence_closed"`
	PresenceSilent time.Duration `koanf:"presence_silent"`
	PresenceGone   time.Duration `koanf:"presence_gone"`
	QueueGrace     time.Duration `koanf:"queue_grace"`
	RestartAmnesty time.Duration `koanf:"restart_amnesty"`
	WrapUp         time.Duration `koanf:"wrap_up"`
	RampUp         time.Duration `koanf:"ramp_up"`
	Sweep          time.Duration `koanf:"sweep"`
}

// Transport is the timers of connections.
type Transport struct {
	AckTimeout time.Duration `koanf:"ack_timeout"`
	Ping       time.Duration `koanf:"ping"`
	Keep       time.Duration `koanf:"keep"`
}

// Call bounds calls.
type Call struct {
	LegGrace     time.Duration `koanf:"leg_grace"`
	SetupTimeout time.Duration `koanf:"setup_timeout"`
	MaxCalls     int           `koanf:"max_calls"`
}

// Cobrowse bounds what a shared page may send.
type Cobrowse struct {
	SnapshotBytes    int `koanf:"snapshot_bytes"`
	BatchBytes       int `koanf:"batch_bytes"`
	TailBytes        int `koanf:"tail_bytes"`
	BatchesPerSecond int `koanf:"batches_per_second"`
	MaxSessions      int `koanf:"max_sessions"`
	MemoryBytes      int `koanf:"memory_bytes"`

	PageGrace time.Duration `koanf:"page_grace"`
}

// Shutdown is how the process stops.
type Shutdown struct {
	Drain time.Duration `koanf:"drain"`
}
