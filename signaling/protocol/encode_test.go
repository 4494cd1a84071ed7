package protocol_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

var someTexts = []string{"", "plain", "two words", `"quoted" \ back`, "<b>&", "\x00\x1f\x7f", "grüße 🎉", "\u2028\u2029", "\xff\xfe cut", "/"}

// fill gives every field of a body something, or with omit some of them.
func fill(v reflect.Value, omit bool) {
	if omit && v.Kind() != reflect.Struct && rand.IntN(2) == 0 {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field, omit)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rand.IntN(3), 3))
		for i := range v.Len() {
			fill(v.Index(i), omit)
		}
	case reflect.String:
		v.SetString(someTexts[1+rand.IntN(len(someTexts)-1)])
	case reflect.Int64:
		v.SetInt(rand.Int64() - rand.Int64())
	default:
		panic(fmt.Sprintf("a field is a %s: write it in the encoder, and fill it here", v.Kind()))
	}
}

// What is encoded without reflection is what encoding/json makes of it, with
// every field that there is.
func TestOwnEncodersWriteWhatJSONWrites(t *testing.T) {
	for n := range 3000 {
		for _, body := range []any{&protocol.Ack{}, &protocol.Entries{}} {
			fill(reflect.ValueOf(body).Elem(), n%3 > 0)
			if e, ok := body.(*protocol.Entries); ok && n%2 == 0 { // most entries are messages
				for i := range e.Entries {
					e.Entries[i].Body = protocol.EntryBody{Text: e.Entries[i].Body.Text}
				}
			}
			value := reflect.ValueOf(body).Elem().Interface()
			raw, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			got, err := protocol.Encode("k", "", value)
			if want := `{"kind":"k","body":` + string(raw) + `}`; err != nil || string(got) != want {
				t.Fatalf("encoded as\n%s\n%v, want\n%s", got, err, want)
			}
		}
	}
}
