package configs

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var nodeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$`)

// Validate tells everything that is wrong with the settings, each with the
// key and what to write instead. It opens nothing and connects to nothing.
func (c Config) Validate() error {
	var p problems
	p.addresses(c)
	p.stores(c)
	p.choices(c)
	p.numbers(c)
	p.order(c)
	return errors.Join(p...)
}

type problems []error

func (p *problems) addf(key, format string, args ...any) {
	*p = append(*p, fmt.Errorf("setting %s: %s", key, fmt.Sprintf(format, args...)))
}

func (p *problems) addresses(c Config) {
	if c.Node.ID != "" && !nodeName.MatchString(c.Node.ID) {
		p.addf("node.id", "use up to 63 letters, digits, dots and hyphens, not %q", c.Node.ID)
	}
	if c.HTTP.Address == "" {
		p.addf("http.address", "write host:port, such as 127.0.0.1:8080")
	}
	p.listen("http.address", c.HTTP.Address)
	p.listen("ops.address", c.Ops.Address)
	p.listen("webrtc.udp_address", c.WebRTC.UDPAddress)
	p.listen("webrtc.tcp_address", c.WebRTC.TCPAddress)
	p.publicURL(c.HTTP.PublicURL)
	if (c.HTTP.TLS.CertFile == "") != (c.HTTP.TLS.KeyFile == "") {
		p.addf("http.tls", "give both cert_file and key_file, or none")
	}
	for _, network := range c.HTTP.TrustedProxies {
		if _, err := netip.ParsePrefix(network); err != nil {
			p.addf("http.trusted_proxies", "write networks such as 10.0.0.0/8 or 192.0.2.4/32, not %q", network)
		}
	}
	if at := c.WebRTC.Advertise; at != "" {
		if to, err := netip.ParseAddrPort(at); err != nil || to.Port() == 0 || to.Addr().IsUnspecified() {
			p.addf("webrtc.advertise", "write the numeric address and the port that browsers reach, such as 203.0.113.7:8443, not %q", at)
		}
	}
}

func (p *problems) listen(key, address string) {
	if address == "" {
		return
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil || !isPort(port) {
		p.addf(key, "write host:port, such as 127.0.0.1:8080 or :8080, not %q", address)
	}
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n <= 65535
}

func (p *problems) publicURL(address string) {
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" ||
		u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		p.addf("http.public_url", "write scheme and host alone, such as https://chat.example.com")
	}
}

// stores checks addresses that may hold passwords, so it prints none of them.
func (p *problems) stores(c Config) {
	at := c.Database.URL.Reveal()
	switch {
	case isPostgres(at):
		if u, err := url.Parse(at); err != nil || u.Host == "" && !u.Query().Has("host") {
			p.addf("database.url", "write postgres://user:password@host:5432/name; encode special characters of the password as %%XX")
		}
	case strings.Contains(at, "://"), strings.Contains(at, "host="), strings.Contains(at, "password="):
		p.addf("database.url", "write postgres://user:password@host:5432/name, the path of a SQLite file, or nothing")
	}
	if at := c.Redis.URL.Reveal(); at != "" {
		u, err := url.Parse(at)
		if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Host == "" {
			p.addf("redis.url", "write redis://host:6379/0, rediss:// for TLS, or nothing; encode special characters of the password as %%XX")
		}
	}
	if at := c.Blob.URL.Reveal(); at != "" {
		u, err := url.Parse(at)
		if err != nil || u.Scheme != "s3" && u.Scheme != "file" || u.Scheme == "s3" && u.Host == "" || u.Scheme == "file" && u.Path == "" {
			p.addf("blob.url", "write file:///path, s3://bucket?region=REGION, or nothing")
		}
	}
	if c.Data.Directory == "" {
		p.addf("data.directory", "write a folder, such as ./data")
	}
}

func isPostgres(at string) bool {
	return strings.HasPrefix(at, "postgres://") || strings.HasPrefix(at, "postgresql://")
}

func (p *problems) choices(c Config) {
	p.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	p.oneOf("log.format", c.Log.Format, "text", "json")
}

func (p *problems) oneOf(key, value string, choices ...string) {
	if !slices.Contains(choices, value) {
		p.addf(key, "write one of %s, not %q", strings.Join(choices, ", "), value)
	}
}

// mayBeZero are the times for which zero has a meaning; see the manual.
var mayBeZero = []string{
	"chat.reopen_window", "chat.question_timeout", "routing.exclude_for", "routing.restart_amnesty", "routing.wrap_up", "routing.ramp_up",
	"routing.queue_grace", "call.leg_grace", "call.setup_timeout", "shutdown.drain",
}

func (p *problems) numbers(c Config) {
	v := reflect.ValueOf(c)
	for _, s := range settings {
		field := v.FieldByIndex(s.index)
		switch {
		case s.kind == durationType:
			d := time.Duration(field.Int())
			if zero := slices.Contains(mayBeZero, s.key); d < 0 || d == 0 && !zero {
				p.addf(s.key, "write a time above zero, such as 20s, not %s", d)
			} else if d > 0 && d < time.Millisecond {
				p.addf(s.key, "write 1ms or more, not %s", d)
			}
		case s.kind.Kind() == reflect.Int && field.Int() <= 0:
			p.addf(s.key, "write a number above zero, not %d", field.Int())
		}
	}
	if n := c.Limits.OutboxBytes; n > 0 && n < 4*frameBytes {
		p.addf("limits.outbox_bytes", "write at least %d, four frames, not %d", 4*frameBytes, n)
	}
}

// frameBytes is the most that one frame of the wire holds.
const frameBytes = 16 << 10

// order checks settings that only make sense one below the other.
func (p *problems) order(c Config) {
	if c.Routing.PresenceSilent >= c.Routing.PresenceGone {
		p.addf("routing.presence_gone", "write more than routing.presence_silent (%s)", c.Routing.PresenceSilent)
	}
	if c.Transport.Ping >= c.Routing.PresenceSilent {
		p.addf("transport.ping", "write less than routing.presence_silent (%s), or agents look silent between two pings", c.Routing.PresenceSilent)
	}
	if c.Session.AgentIdle > c.Session.AgentAbsolute {
		p.addf("session.agent_idle", "write no more than session.agent_absolute (%s)", c.Session.AgentAbsolute)
	}
	// Four bytes for a character at most, and the frame around the message.
	if n := (frameBytes - 384) / 4; c.Limits.MessageCharacters > n {
		p.addf("limits.message_characters", "write at most %d: a message travels in one frame", n)
	}
}

// maxSecretFile is far more than any address is long.
const maxSecretFile = 16 << 10

// readSecrets takes the addresses that are given as files.
func readSecrets(c *Config) error {
	for _, s := range []struct {
		key, path string
		into      *SecretURL
	}{
		{"database.url", c.Database.URLFile, &c.Database.URL},
		{"redis.url", c.Redis.URLFile, &c.Redis.URL},
	} {
		if s.path == "" {
			continue
		}
		if *s.into != "" {
			return fmt.Errorf("setting %s_file: leave out either it or %s", s.key, s.key)
		}
		text, err := os.ReadFile(s.path)
		if err != nil {
			return fmt.Errorf("setting %s_file: %w", s.key, err)
		}
		value := strings.TrimSpace(string(text))
		if value == "" || len(value) > maxSecretFile {
			return fmt.Errorf("setting %s_file: the file must hold the address and nothing else", s.key)
		}
		*s.into = SecretURL(value)
	}
	return nil
}
