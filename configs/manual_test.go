package configs_test

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/parlour-chat/parlour/configs"
)

// commented collects the keys of the manual in order, and those that have no
// comment above or beside them.
func commented(node *yaml.Node, prefix string) (keys, silent []string) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		key := prefix + name.Value
		if value.Kind == yaml.MappingNode {
			k, s := commented(value, key+".")
			keys, silent = append(keys, k...), append(silent, s...)
			continue
		}
		keys = append(keys, key)
		if name.HeadComment == "" && value.LineComment == "" {
			silent = append(silent, key)
		}
	}
	return keys, silent
}

func TestManualHasEverySettingOnceInOrderWithAComment(t *testing.T) {
	var document yaml.Node
	if err := yaml.Unmarshal(configs.Manual, &document); err != nil {
		t.Fatal(err)
	}
	keys, silent := commented(document.Content[0], "")
	if diff := cmp.Diff(configs.Keys(), keys); diff != "" {
		t.Errorf("fields of Config (-) and keys of parlour.yaml (+) differ:\n%s", diff)
	}
	for _, key := range silent {
		t.Errorf("%s has no comment in parlour.yaml", key)
	}
	file, err := os.ReadFile("parlour.yaml")
	if err != nil || string(file) != string(configs.Manual) {
		t.Errorf("the embedded manual is not parlour.yaml: %v", err)
	}
}

func TestManualIsTheDefaults(t *testing.T) {
	c := configs.Default()
	if c.HTTP.Address != "127.0.0.1:8080" || c.Routing.WrapUp.Seconds() != 60 || c.Limits.OutboxBytes != 262144 {
		t.Errorf("defaults are not read: %#v", c)
	}
	if !c.Loopback() {
		t.Error("a default listens outside of this machine")
	}
	// The manual given as a file again changes nothing.
	again, err := load(t, string(configs.Manual), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, again); diff != "" {
		t.Error(diff)
	}
	// Each default fills its field: what stays zero is said to be empty.
	mayBeEmpty := []string{
		"node.id", "http.public_url", "http.tls.cert_file", "http.tls.key_file", "http.trusted_proxies", "webrtc.advertise",
		"database.url", "database.url_file", "redis.url", "redis.url_file", "blob.url", "secrets.key_file",
	}
	var zero []string
	walk(reflect.ValueOf(c), "", func(key string, v reflect.Value) {
		if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
			zero = append(zero, key)
		}
	})
	if diff := cmp.Diff(mayBeEmpty, zero); diff != "" {
		t.Errorf("settings that are empty by default (-want +got):\n%s", diff)
	}
}

func walk(v reflect.Value, prefix string, visit func(key string, v reflect.Value)) {
	for i := range v.NumField() {
		key := prefix + v.Type().Field(i).Tag.Get("koanf")
		if v.Field(i).Kind() == reflect.Struct {
			walk(v.Field(i), key+".", visit)
			continue
		}
		visit(key, v.Field(i))
	}
}

func TestEachKeyHasItsOwnVariable(t *testing.T) {
	seen := map[string]string{}
	for _, key := range configs.Keys() {
		name := strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		if other, twice := seen[name]; twice {
			t.Errorf("%s and %s share the variable PARLOUR_%s", other, key, name)
		}
		seen[name] = key
	}
	if !slices.Contains(configs.Keys(), "redis.url") {
		t.Error("no key redis.url")
	}
}
