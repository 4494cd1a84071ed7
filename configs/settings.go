package configs

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A setting is one key and the field that it fills.
type setting struct {
	key   string
	index []int // of the field in Config
	kind  reflect.Type
}

var (
	durationType = reflect.TypeFor[time.Duration]()
)

// settings lists every key in the order of Config's fields.
var settings = collect(reflect.TypeFor[Config](), "", nil)

func collect(t reflect.Type, prefix string, index []int) []setting {
	var all []setting
	for i := range t.NumField() {
		f := t.Field(i)
		key := prefix + f.Tag.Get("koanf")
		at := append(slices.Clone(index), i)
		if f.Type.Kind() == reflect.Struct {
			all = append(all, collect(f.Type, key+".", at)...)
			continue
		}
		all = append(all, setting{key: key, index: at, kind: f.Type})
	}
	return all
}

// Keys lists every setting, such as "redis.url", in the order of the manual.
func Keys() []string {
	keys := make([]string, 0, len(settings))
	for _, s := range settings {
		keys = append(keys, s.key)
	}
	return keys
}

func known(key string) bool {
	return slices.ContainsFunc(settings, func(s setting) bool { return s.key == key })
}

func isSection(key string) bool {
	return slices.ContainsFunc(settings, func(s setting) bool { return strings.HasPrefix(s.key, key+".") })
}

// variable is the environment variable of a key: redis.url, PARLOUR_REDIS_URL.
func variable(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// fill sets the fields of c from values by key. A value that does not fit
// gives an error that names its key and never shows a secret.
func fill(c *Config, values map[string]any) error {
	v := reflect.ValueOf(c).Elem()
	for _, s := range settings {
		raw, ok := values[s.key]
		if !ok {
			continue
		}
		if err := s.set(v.FieldByIndex(s.index), raw); err != nil {
			return fmt.Errorf("setting %s: %w", s.key, err)
		}
	}
	return nil
}

func (s setting) set(field reflect.Value, raw any) error {
	switch {
	case s.kind == durationType:
		d, err := toDuration(raw)
		if err != nil {
			return err
		}
		field.SetInt(int64(d))
	case s.kind.Kind() == reflect.Int:
		n, err := toInt(raw)
		if err != nil {
			return err
		}
		field.SetInt(int64(n))
	case s.kind.Kind() == reflect.Slice:
		list, err := toList(raw)
		if err != nil {
			return err
		}
		field.Set(reflect.ValueOf(list))
	default:
		text, err := toText(raw)
		if err != nil {
			return err
		}
		field.SetString(text)
	}
	return nil
}

func toText(raw any) (string, error) {
	switch v := raw.(type) {
	case nil:
		return "", nil
	case string:
		return strings.TrimSpace(v), nil
	case int, bool, float64:
		return fmt.Sprint(v), nil
	default:
		return "", fmt.Errorf("want one value, not a list or a section")
	}
}

func toInt(raw any) (int, error) {
	switch v := raw.(type) {
	case int:
		return v, nil
	case string:
		n, err := strconv.Atoi(strings.TrimSpace(v))
		if err == nil && n <= math.MaxInt32 {
			return n, nil
		}
		return 0, fmt.Errorf("want a whole number such as 100, not %q", v)
	default:
		return 0, fmt.Errorf("want a whole number such as 100, not %v", raw)
	}
}

func toDuration(raw any) (time.Duration, error) {
	text, ok := raw.(string)
	if !ok {
		return 0, fmt.Errorf("want a time with its unit such as 500ms, 20s or 12h, not %v", raw)
	}
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf("want a time with its unit such as 500ms, 20s or 12h, not %q", text)
	}
	return d, nil
}

// toList takes a list, or one text whose parts are separated by commas.
func toList(raw any) ([]string, error) {
	var parts []string
	switch v := raw.(type) {
	case nil:
	case string:
		parts = strings.Split(v, ",")
	case []any:
		for _, item := range v {
			text, err := toText(item)
			if err != nil {
				return nil, err
			}
			parts = append(parts, text)
		}
	default:
		return nil, fmt.Errorf("want a list such as [a, b], not %v", raw)
	}
	list := make([]string, 0, len(parts))
	for _, part := range parts {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list, nil
}
