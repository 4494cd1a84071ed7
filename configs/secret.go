package configs

import (
	"log/slog"
	"net/url"
	"strings"
)

// SecretURL is an address that may hold a password. However it is printed,
// logged or encoded, the password does not show; Reveal gives the whole.
type SecretURL string

const hidden = "xxxxx"

// Reveal is the address with its password, for the one who connects.
func (s SecretURL) Reveal() string { return string(s) }

// String is the address without password, and without the values of query
// parameters that may be one. What is neither an address nor a plain path shows
// nothing.
func (s SecretURL) String() string {
	if !strings.ContainsAny(string(s), ":=@") {
		return string(s) // a path
	}
	u, err := url.Parse(string(s))
	if err != nil || u.Scheme == "" || u.Opaque != "" {
		return hidden
	}
	if u.User != nil {
		if _, ok := u.User.Password(); ok {
			u.User = url.UserPassword(u.User.Username(), hidden)
		} else if !strings.HasPrefix(u.Scheme, "postgres") {
			u.User = url.User(hidden) // may be a token
		}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		u.RawQuery = hidden
		return u.String()
	}
	for name := range query {
		if secretParameter(name) {
			query.Set(name, hidden)
		}
	}
	u.RawQuery = query.Encode()
	return u.String()
}

func secretParameter(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"pass", "secret", "token", "key", "credential", "signature"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// GoString is String, for %#v.
func (s SecretURL) GoString() string { return `"` + s.String() + `"` }

// LogValue is String, for slog.
func (s SecretURL) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is String, for JSON and YAML.
func (s SecretURL) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String lists the settings that differ from the manual's, one "key=value"
// each with spaces between, without passwords.
func (c Config) String() string {
	var b strings.Builder
	for _, attr := range c.changed() {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(attr.Key + "=" + attr.Value.String())
	}
	return b.String()
}

// GoString is String, for %#v.
func (c Config) GoString() string { return "configs.Config{" + c.String() + "}" }

// LogValue is the settings that differ from the manual's, without passwords.
func (c Config) LogValue() slog.Value { return slog.GroupValue(c.changed()...) }
