package configs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/parlour-chat/parlour/configs"
)

// load reads settings as the program does: text as the file, environ and flags.
func load(t *testing.T, text string, environ []string, arguments ...string) (configs.Config, error) {
	t.Helper()
	if text != "" {
		path := filepath.Join(t.TempDir(), "parlour.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, "--config="+path)
	}
	flags := pflag.NewFlagSet("parlour", pflag.ContinueOnError)
	flags.Bool("demo", false, "a flag that is no setting")
	configs.AddFlags(flags)
	if err := configs.Parse(flags, arguments); err != nil {
		return configs.Config{}, err
	}
	return configs.Load(flags, environ)
}

func TestFileBeforeDefaultEnvironmentBeforeFileFlagBeforeEnvironment(t *testing.T) {
	file := "redis:\n  url: redis://file:1\nrouting: {offer_timeout: 30s}\nhttp:\n  trusted_proxies: [10.0.0.0/8, 192.0.2.4/32]\n"
	environ := []string{"PARLOUR_REDIS_URL=redis://environment:1", "HOME=/", "PARLOUR_CALL_MAX_CALLS=4"}

	c, err := load(t, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Redis.URL.Reveal(), "redis://file:1"; got != want {
		t.Errorf("redis.url = %q, want %q", got, want)
	}
	if got, want := c.Routing.OfferTimeout, 30*time.Second; got != want {
		t.Errorf("routing.offer_timeout = %v, want %v", got, want)
	}
	if got, want := c.Routing.RampUp, 5*time.Second; got != want {
		t.Errorf("routing.ramp_up = %v, want the default %v", got, want)
	}
	if diff := cmp.Diff([]string{"10.0.0.0/8", "192.0.2.4/32"}, c.HTTP.TrustedProxies); diff != "" {
		t.Error(diff)
	}

	c, err = load(t, file, environ)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Redis.URL.Reveal(), "redis://environment:1"; got != want {
		t.Errorf("redis.url = %q, want %q", got, want)
	}
	if c.Call.MaxCalls != 4 {
		t.Errorf("call.max_calls = %d, want 4", c.Call.MaxCalls)
	}

	c, err = load(t, file, environ, "--redis.url=redis://flag:1", "--demo", "--http.trusted_proxies=10.1.0.0/16, 10.2.0.0/16")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Redis.URL.Reveal(), "redis://flag:1"; got != want {
		t.Errorf("redis.url = %q, want %q", got, want)
	}
	if diff := cmp.Diff([]string{"10.1.0.0/16", "10.2.0.0/16"}, c.HTTP.TrustedProxies); diff != "" {
		t.Error(diff)
	}

	c, err = load(t, file, environ, "--redis.url=")
	if err != nil {
		t.Fatal(err)
	}
	if c.Redis.URL != "" {
		t.Errorf("redis.url = %q, want the embedded one, since an empty flag is a value", c.Redis.URL)
	}
}

func TestErrorsNameTheSettingAndSayWhatToWrite(t *testing.T) {
	tests := []struct {
		name    string
		file    string
		environ []string
		flags   []string
		want    []string
	}{
		{"unknown in file", "redis: {ur: x}", nil, nil, []string{`"redis.ur"`, `"redis.url"`}},
		{"unknown section", "rediss: {url: x}", nil, nil, []string{`"rediss.url"`, `"redis.url"`}},
		{"section as value", "redis: x", nil, nil, []string{`"redis"`, "section"}},
		{"value as section", "redis: {url: {a: b}}", nil, nil, []string{`"redis.url.a"`, `"redis.url"`}},
		{"unknown in environment", "", []string{"PARLOUR_REDIS_URI=x"}, nil, []string{"PARLOUR_REDIS_URI", "PARLOUR_REDIS_URL"}},
		{"unknown flag", "", nil, []string{"--redis.uri=x"}, []string{"--redis.uri", "--redis.url"}},
		{"not yaml", "redis: [", nil, nil, []string{"read settings in"}},
		{"time without unit", "routing: {sweep: 1}", nil, nil, []string{"routing.sweep", "20s"}},
		{"time without unit as text", "", []string{"PARLOUR_ROUTING_SWEEP=1"}, nil, []string{"routing.sweep", "20s"}},
		{"zero time", "routing: {sweep: 0s}", nil, nil, []string{"routing.sweep", "above zero"}},
		{"no number", "", nil, []string{"--call.max_calls=many"}, []string{"call.max_calls", "whole number", "many"}},
		{"fraction", "call: {max_calls: 2.5}", nil, nil, []string{"call.max_calls", "whole number"}},
		{"negative", "limits: {outbox_bytes: -1}", nil, nil, []string{"limits.outbox_bytes", "above zero"}},
		{"list as value", "redis: {url: [a]}", nil, nil, []string{"redis.url", "one value"}},
		{"no port", "http: {address: localhost}", nil, nil, []string{"http.address", "host:port"}},
		{"no address", "http: {address: ''}", nil, nil, []string{"http.address", "host:port"}},
		{"one half of tls", "http: {tls: {cert_file: a}}", nil, nil, []string{"http.tls", "both"}},
		{"public url with a path", "http: {public_url: 'https://a/b'}", nil, nil, []string{"http.public_url"}},
		{"proxy is no network", "http: {trusted_proxies: [10.0.0.1]}", nil, nil, []string{"http.trusted_proxies", "10.0.0.1"}},
		{"advertised name", "webrtc: {advertise: 'a.example:1'}", nil, nil, []string{"webrtc.advertise", "numeric"}},
		{"level", "log: {level: loud}", nil, nil, []string{"log.level", "debug, info"}},
		{"database scheme", "database: {url: 'mysql://a'}", nil, nil, []string{"database.url", "postgres://"}},
		{"redis scheme", "redis: {url: 'localhost:6379'}", nil, nil, []string{"redis.url", "redis://"}},
		{"blob scheme", "blob: {url: 'ftp://a'}", nil, nil, []string{"blob.url", "s3://"}},
		{"presence order", "routing: {presence_gone: 10s}", nil, nil, []string{"routing.presence_gone", "20s"}},
		{"ping too slow", "transport: {ping: 30s}", nil, nil, []string{"transport.ping", "presence_silent"}},
		{"message larger than a frame", "limits: {message_characters: 16000}", nil, nil, []string{"limits.message_characters", "at most 4000"}},
		{"all at once", "log: {level: a, format: b}", nil, nil, []string{"log.level", "log.format"}},
		{"missing file", "", nil, []string{"--config=/does/not/exist"}, []string{"read settings", "/does/not/exist"}},
		{"both url and file", "redis: {url: 'redis://a', url_file: b}", nil, nil, []string{"redis.url_file", "leave out"}},
		{"missing secret", "redis: {url_file: /does/not/exist}", nil, nil, []string{"redis.url_file", "/does/not/exist"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.file, tt.environ, tt.flags...)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestEmptySectionsAndDottedKeysAreTaken(t *testing.T) {
	c, err := load(t, "redis:\nhttp: {}\nlog.level: debug\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Log.Level != "debug" || c.HTTP.Address != "127.0.0.1:8080" {
		t.Errorf("log.level = %q, http.address = %q", c.Log.Level, c.HTTP.Address)
	}
}

func TestConfigFileFromTheEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(path, []byte("log: {format: json}"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := configs.Load(nil, []string{"PARLOUR_CONFIG=" + path})
	if err != nil {
		t.Fatal(err)
	}
	if c.Log.Format != "json" {
		t.Errorf("log.format = %q, want json", c.Log.Format)
	}
}

func TestSecretFromFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("postgres://u:p@h/d\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(t, "", []string{"PARLOUR_DATABASE_URL_FILE=" + path})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Database.URL.Reveal(), "postgres://u:p@h/d"; got != want {
		t.Errorf("database.url = %q, want %q", got, want)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(string(configs.Manual), "redis://h", "20s")
	f.Add("redis: {url: x}\n? [a]\n: b", "a", "1")
	f.Add("redis: {1: 2, ~: 3}", "", "")
	f.Add("a: &a [*a]", "\x00", "-")
	f.Fuzz(func(t *testing.T, file, url, timer string) {
		c, err := load(t, file, []string{"PARLOUR_REDIS_URL=" + url}, "--routing.sweep="+timer)
		if err != nil {
			return
		}
		if err := c.Validate(); err != nil {
			t.Errorf("Load gave settings that are not valid: %v", err)
		}
		_ = c.String()
	})
}
