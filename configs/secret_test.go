package configs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/configs"
)

func TestPasswordsAreNeverPrinted(t *testing.T) { // S3
	for _, address := range []string{
		"postgres://me:hunter2@db:5432/parlour?sslmode=disable",
		"postgres://db/parlour?user=me&password=hunter2&sslpassword=hunter2",
		"redis://:hunter2@h:6379/0",
		"rediss://hunter2@h:6379",
		"redis://h?addr=a:1&sentinel_password=hunter2",
		"s3://bucket?region=r&secret_key=hunter2",
		"redis://a:hunter2%zz@h",
		"postgres:me:hunter2@h",
		"redis://h:1/?a=%zz&password=hunter2",
		"host=h password=hunter2",
		"redis://u:p@hunter2:hunter2@h:x",
	} {
		t.Run(address, func(t *testing.T) {
			c := configs.Default()
			c.Database.URL, c.Redis.URL, c.Blob.URL = configs.SecretURL(address), configs.SecretURL(address), configs.SecretURL(address)
			var log bytes.Buffer
			logger := slog.New(slog.NewJSONHandler(&log, nil))
			logger.Info("start", "settings", c, "redis", c.Redis, "url", c.Redis.URL)
			slog.New(slog.NewTextHandler(&log, nil)).Info("start", "settings", c, "redis", c.Redis, "pointer", &c)
			encoded, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			out := log.String() + string(encoded) + fmt.Sprintf("%v %+v %#v %s %q %v %+v %#v %v", c, c, c, c, c.Redis.URL, c.Redis, c.Redis, c.Redis, &c)
			out += fmt.Sprint(c.Validate())
			if strings.Contains(strings.TrimPrefix(out, "x"), "hunter2") {
				t.Errorf("printed the password:\n%s", out)
			}
		})
	}
}

func TestWhatIsNoSecretIsPrinted(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://me:p@db:5432/parlour?sslmode=disable": "postgres://me:xxxxx@db:5432/parlour?sslmode=disable",
		"./data/a.db": "./data/a.db",
		"redis://h:1": "redis://h:1",
		"":            "",
	} {
		if got := configs.SecretURL(address).String(); got != want {
			t.Errorf("String of %q = %q, want %q", address, got, want)
		}
	}
	c := configs.Default()
	if got := c.String(); got != "" {
		t.Errorf("defaults print %q, want only what differs", got)
	}
	c.Log.Level = "debug"
	if got, want := c.String(), "log.level=debug"; got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
}
