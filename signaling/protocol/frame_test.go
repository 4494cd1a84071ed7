package protocol_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestDecodeRefusesWhatIsNoFrame(t *testing.T) { // S10
	tests := []struct {
		name, data string
		want       protocol.Code
	}{
		{"empty", "", protocol.CodeBadFrame},
		{"not JSON", "hello", protocol.CodeBadFrame},
		{"no kind", `{"op":"` + sampleID + `"}`, protocol.CodeBadFrame},
		{"kind of another type", `{"kind":7}`, protocol.CodeBadFrame},
		{"an array", `[]`, protocol.CodeBadFrame},
		{"something after it", `{"kind":"a"}}`, protocol.CodeBadFrame},
		{"two frames", `{"kind":"a"}{"kind":"b"}`, protocol.CodeBadFrame},
		{"op is no UUID", `{"kind":"a","op":"1"}`, protocol.CodeBadFrame},
		{"too long", `{"kind":"` + strings.Repeat("a", protocol.MaxUpFrame) + `"}`, protocol.CodeTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := protocol.Decode([]byte(tt.data))
			var e *protocol.Error
			if !errors.As(err, &e) || e.Code != tt.want {
				t.Errorf("Decode = %v, want code %s", err, tt.want)
			}
		})
	}
}

func TestDecodeIgnoresUnknownFields(t *testing.T) { // L5
	f, err := protocol.Decode([]byte(`{"kind":"chat.post","later":1,"body":{"text":"hi","mood":"good"}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := protocol.DecodeBody[protocol.Post](f)
	if err != nil {
		t.Fatal(err)
	}
	if got.Text != "hi" {
		t.Errorf("text = %q", got.Text)
	}
}

func TestRulesAreComplete(t *testing.T) { // S1
	seen := map[string]bool{}
	for _, r := range protocol.Rules() {
		if seen[r.Kind] {
			t.Errorf("%s has two rules", r.Kind)
		}
		seen[r.Kind] = true
		if len(r.Who) == 0 {
			t.Errorf("nobody may send %s", r.Kind)
		}
		for _, p := range []protocol.Principal{{}, {Kind: protocol.KindSystem}} {
			if r.Allows(p) == nil {
				t.Errorf("%s is allowed to %q", r.Kind, p.Kind)
			}
		}
		if r.Permission != "" && r.Allows(protocol.Principal{Kind: protocol.KindAgent}) == nil {
			t.Errorf("%s is allowed to an agent without %s", r.Kind, r.Permission)
		}
	}
}

func TestEveryCodeHasAStatus(t *testing.T) {
	for _, c := range protocol.Codes() {
		if s := c.Status(); s < 400 || (s == 500) != (c == protocol.CodeInternal) {
			t.Errorf("%s has status %d", c, s)
		}
	}
	if e, known := protocol.AsError(errors.New("disk on fire")); known || e.Code != protocol.CodeInternal || strings.Contains(e.Message, "disk") {
		t.Errorf("an internal error shows itself: %v", e)
	}
}

func TestPacketRoundTrip(t *testing.T) {
	h := protocol.PacketHeader{Type: protocol.PacketEvents, Flags: protocol.FlagFirst | protocol.FlagLast, Gen: 3, Seq: 1 << 20, Cobrowse: sampleID}
	data, err := protocol.AppendPacket(nil, h, []byte("[]"))
	if err != nil {
		t.Fatal(err)
	}
	got, payload, err := protocol.ParsePacket(data)
	if err != nil || string(payload) != "[]" {
		t.Fatalf("payload %q, %v", payload, err)
	}
	if diff := cmp.Diff(h, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range [][]byte{nil, data[:27], append([]byte{9}, data[1:]...), append([]byte{1, 9}, data[2:]...)} {
		if _, _, err := protocol.ParsePacket(bad); err == nil {
			t.Errorf("%x is taken for a packet", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"kind":"chat.post","op":"` + sampleID + `","body":{"text":"hi"}}`))
	for _, form := range []string{
		`{"kind":"x","body":null}`, `{"kind":"x","body": {} }`, `{"kind":"x"}`, `{"kind":"x","op":""}`, `{"kind":"x","body":1,"kind":"y"}`, `{"kind":"x","body":}`,
		`{"kind":"\u0078","body":[]}`, `{"kind":"x","op":"` + sampleID + `","body":{}}}`, `{"kind":"x","body":{}`, `{ "kind":"x"}`, `{"kind":"é","body":"\ud800"}`,
		`{"kind":"x","Body":1}`, `{"kind":"x","op":"` + sampleID + `"}x`, `{"kind":"x","body":"` + "\xff" + `"}`, `{"kind":""}`, `{"kind":"x"`,
	} {
		f.Add([]byte(form))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := protocol.Decode(data)
		var want protocol.Frame // as JSON without shortcuts has it
		wrong := len(data) > protocol.MaxUpFrame || json.Unmarshal(data, &want) != nil || want.Kind == "" || want.Op != "" && !protocol.ValidID(want.Op)
		if wrong != (err != nil) {
			t.Fatalf("%q: %v, want an error: %v", data, err, wrong)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(want, frame); diff != "" {
			t.Errorf("%q: %s", data, diff)
		}
		if frame.Kind == "" || len(data) > protocol.MaxUpFrame {
			t.Errorf("accepted %q", data)
		}
		again, err := protocol.Encode(frame.Kind, frame.Op, frame.Body)
		if err != nil {
			t.Fatalf("decoded but not encodable: %v", err)
		}
		if len(again) <= protocol.MaxUpFrame {
			if _, err := protocol.Decode(again); err != nil {
				t.Errorf("%q does not decode again: %v", again, err)
			}
		}
	})
}

func FuzzParsePacket(f *testing.F) {
	f.Add(bytes.Repeat([]byte{1}, 40))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, payload, err := protocol.ParsePacket(data)
		if err != nil {
			return
		}
		again, err := protocol.AppendPacket(nil, h, payload)
		if err != nil {
			t.Fatal(err)
		}
		again[3] = data[3] // the spare byte is not kept
		if !bytes.Equal(again, data) {
			t.Errorf("round trip of %x gave %x", data, again)
		}
	})
}

func TestAnEncodedFrameIsItsJSON(t *testing.T) {
	for _, f := range []protocol.Frame{
		{Kind: protocol.DownAck, Op: protocol.NewID[protocol.Op](), Body: json.RawMessage(`{"seq":7}`)},
		{Kind: protocol.DownError, Body: json.RawMessage(`{"text":"\u003cb\u003e"}`)},
		{Kind: "a\"<b>&\n\xffü", Op: `\`, Body: json.RawMessage(`null`)},
	} {
		want, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		got, err := protocol.Encode(f.Kind, f.Op, f.Body)
		if err != nil || string(got) != string(want) {
			t.Errorf("encoded as %s, %v, want %s", got, err, want)
		}
	}
}
