package site

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"
)

var unknownField = regexp.MustCompile(`^line (\d+): field (.+?) not found in type (.+)$`)

// inWords says what a file has wrong as its writer knows it: the line, the key
// and the nearest that there is. Other errors are left as they are.
func inWords(err error) error {
	wrong, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return err
	}
	keys := map[string][]string{}
	collectKeys(reflect.TypeFor[File](), keys)
	lines := make([]string, 0, len(wrong.Errors))
	for _, line := range wrong.Errors {
		if m := unknownField.FindStringSubmatch(line); m != nil && len(keys[m[3]]) > 0 {
			line = fmt.Sprintf("unknown key `%s` in line %s: %s", m[2], m[1], instead(m[2], keys[m[3]]))
		}
		lines = append(lines, line)
	}
	return errors.New(strings.Join(lines, "\n"))
}

// collectKeys gives the keys of each struct within t, by the struct's name.
func collectKeys(t reflect.Type, into map[string][]string) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		collectKeys(t.Elem(), into)
	case reflect.Struct:
		if into[t.String()] != nil {
			return
		}
		into[t.String()] = []string{}
		for _, field := range reflect.VisibleFields(t) {
			if key, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); key != "" && key != "-" {
				into[t.String()] = append(into[t.String()], key)
			}
			if field.IsExported() {
				collectKeys(field.Type, into)
			}
		}
	default:
	}
}

// instead names the key that takes the fewest changed letters to reach, among
// equals the first; all keys, where that would be another word.
func instead(word string, keys []string) string {
	best, least := "", -1
	for _, key := range keys {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), key); least < 0 || d < least {
			best, least = key, d
		}
	}
	if least > len(word)/2 {
		return "there are `" + strings.Join(keys, "`, `") + "`"
	}
	return "did you mean `" + best + "`?"
}
