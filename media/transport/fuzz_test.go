package transport_test

import (
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/media/transport"
)

// FuzzAnswer feeds offers to an endpoint without ports: each is parsed in full
// and then refused, with a typed error in any case.
func FuzzAnswer(f *testing.F) {
	e, err := transport.Listen(transport.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Close() })
	for _, seed := range []string{chromeOffer, firefoxOffer, chromeOffer + videoSection, "", "v=0\r\n", strings.Repeat("a=", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, offer string) {
		_, answer, err := e.Answer(t.Context(), offer, newRecorder())
		if codeOf(err) == "" || answer != "" {
			t.Errorf("error %v has no code", err)
		}
	})
}

func FuzzParseFragment(f *testing.F) {
	for _, seed := range []string{
		"a=ice-ufrag:4ZcD\r\na=candidate:1 1 udp 2113937151 192.0.2.1 51472 typ host\r\na=end-of-candidates\r\n",
		"m=audio 9 RTP/AVP 0\r\na=mid:0\r\n", "a=candidate:", "=", "a", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fragment, err := transport.ParseFragment(text)
		if err != nil && codeOf(err) == "" {
			t.Errorf("error %v has no code", err)
		}
		if err == nil && len(fragment.Candidates) > 64 {
			t.Errorf("%d candidates", len(fragment.Candidates))
		}
	})
}
