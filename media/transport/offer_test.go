package transport_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/media/transport"
)

const fingerprint = "0D:C1:4F:1B:22:93:7A:60:5B:8E:11:0F:93:AC:21:55:6E:10:9B:77:C1:4A:03:D8:FE:6B:A9:30:55:42:8C:1E"

var chromeOffer = crlf(`v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=candidate:2999745851 1 udp 2113937151 3b2f3f4e-9a4b-4a3e-8a10-6c5d4e3f2a1b.local 51472 typ host generation 0 network-cost 999
a=candidate:1 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active generation 0
a=ice-ufrag:4ZcD
a=ice-pwd:2/1muCWoOi3uLifh0NuRHlQV
a=ice-options:trickle
a=fingerprint:sha-256 ` + fingerprint + `
a=setup:actpass
a=mid:0
a=sctp-port:5000
a=max-message-size:262144
`)

var firefoxOffer = crlf(`v=0
o=mozilla...THIS_IS_SDPARTA-99.0 7870014586331231317 0 IN IP4 0.0.0.0
s=-
t=0 0
a=fingerprint:sha-256 ` + fingerprint + `
a=group:BUNDLE 0
a=ice-options:trickle
a=msid-semantic:WMS *
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=sendrecv
a=ice-pwd:e2ab0a3c5a0a3ac2f9b80a28c3a34a20
a=ice-ufrag:09d4f1de
a=mid:0
a=setup:actpass
a=sctp-port:5000
a=max-message-size:1073741823
`)

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

const videoSection = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n"

func TestOffersThatAreRefused(t *testing.T) {
	e := listen(t, bothPorts)
	cut := func(s, line string) string { return strings.Replace(s, line, "", 1) }
	swap := func(old, with string) string { return strings.Replace(chromeOffer, old, with, 1) }
	head := chromeOffer[:strings.Index(chromeOffer, "m=")]
	tests := []struct {
		name, offer string
		want        transport.Code
	}{
		{"empty", "", transport.CodeNoApplication},
		{"not SDP", "hello", transport.CodeBadSDP},
		{"JSON", `{"type":"offer","sdp":""}`, transport.CodeBadSDP},
		{"too long", chromeOffer + strings.Repeat("a=x\r\n", transport.MaxSDP/5), transport.CodeTooLarge},
		{"no section", head, transport.CodeNoApplication},
		{"with video", chromeOffer + videoSection, transport.CodeUnsupportedMedia},
		{"video first", head + videoSection + chromeOffer[len(head):], transport.CodeUnsupportedMedia},
		{"two applications", chromeOffer + chromeOffer[len(head):], transport.CodeUnsupportedMedia},
		{"old protocol", swap("UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5000"), transport.CodeUnsupportedMedia},
		{"no ufrag", cut(chromeOffer, "a=ice-ufrag:4ZcD\r\n"), transport.CodeBadSDP},
		{"short password", swap("2/1muCWoOi3uLifh0NuRHlQV", "short"), transport.CodeBadSDP},
		{"bad ufrag", swap("4ZcD", "4Z:D"), transport.CodeBadSDP},
		{"no fingerprint", cut(chromeOffer, "a=fingerprint:sha-256 "+fingerprint+"\r\n"), transport.CodeBadSDP},
		{"weak fingerprint", swap("sha-256", "sha-1"), transport.CodeBadSDP},
		{"passive", swap("actpass", "passive"), transport.CodeUnsupported},
		{"no setup", cut(chromeOffer, "a=setup:actpass\r\n"), transport.CodeUnsupported},
		{"ICE-lite", swap("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n"), transport.CodeUnsupported},
		{"other port", swap("sctp-port:5000", "sctp-port:5001"), transport.CodeUnsupported},
		{"message size", swap("262144", "many"), transport.CodeBadSDP},
		{"mid with a space", swap("a=mid:0", "a=mid:0 1"), transport.CodeBadSDP},
		{"long mid", swap("a=mid:0", "a=mid:"+strings.Repeat("m", 33)), transport.CodeBadSDP},
		{"bad candidate", swap("1 tcp 1518280447", "x tcp y"), transport.CodeBadSDP},
		{"many candidates", swap("a=mid:0\r\n", "a=mid:0\r\n"+strings.Repeat("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", 64)), transport.CodeBadSDP},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, answer, err := e.Answer(t.Context(), tt.offer, newRecorder())
			if got := codeOf(err); got != tt.want {
				t.Errorf("error %v, want code %s", err, tt.want)
			}
			if conn != nil || answer != "" {
				t.Error("a refused offer got an answer")
			}
		})
	}
	if got, want := e.Stats().BadSDP, uint64(len(tests)); got != want {
		t.Errorf("bad SDP count = %d, want %d", got, want)
	}
}

func TestTheAnswerHoldsEverything(t *testing.T) {
	e := listen(t, transport.Options{UDPAddress: "127.0.0.1:0", TCPAddress: "127.0.0.1:0", Advertise: "203.0.113.9:443"})
	for _, offer := range []string{chromeOffer, firefoxOffer} {
		conn, answer, err := e.Answer(t.Context(), offer, newRecorder())
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		for _, want := range []string{
			"a=ice-lite", "a=group:BUNDLE 0", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:0", "a=setup:passive",
			"a=sctp-port:5000", "a=max-message-size:65535", "a=end-of-candidates",
			" 1 udp 2130706431 203.0.113.9 443 typ host\r\n", " 203.0.113.9 443 typ host tcptype passive\r\n",
		} {
			if !strings.Contains(answer, want) {
				t.Errorf("answer lacks %q:\n%s", want, answer)
			}
		}
		if strings.Contains(answer, "127.0.0.1 ") {
			t.Errorf("answer tells the own address:\n%s", answer)
		}
	}
}

func TestWithoutPortsOffersAreRefused(t *testing.T) {
	e := listen(t, transport.Options{})
	if _, _, err := e.Answer(t.Context(), chromeOffer, newRecorder()); codeOf(err) != transport.CodeUnavailable {
		t.Errorf("error %v, want code %s", err, transport.CodeUnavailable)
	}
}

func TestConnectionsAreLimited(t *testing.T) {
	e := listen(t, transport.Options{UDPAddress: "127.0.0.1:0", MaxConns: 1})
	if _, _, err := e.Answer(t.Context(), chromeOffer, newRecorder()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Answer(t.Context(), chromeOffer, newRecorder()); codeOf(err) != transport.CodeFull {
		t.Errorf("error %v, want code %s", err, transport.CodeFull)
	}
}

func TestParseFragment(t *testing.T) {
	full := "a=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlQV\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n" +
		"a=candidate:1 1 udp 2113937151 192.0.2.1 51472 typ host\r\na=end-of-candidates\r\n"
	tests := []struct {
		name, text string
		want       transport.Fragment
		code       transport.Code
	}{
		{"full", full, transport.Fragment{Ufrag: "4ZcD", Pwd: "2/1muCWoOi3uLifh0NuRHlQV", End: true,
			Candidates: []string{"candidate:1 1 udp 2113937151 192.0.2.1 51472 typ host"}}, ""},
		{"bare line ends", "a=mid:0\na=end-of-candidates\n", transport.Fragment{End: true}, ""},
		{"empty", "", transport.Fragment{}, ""},
		{"JSON", `{"candidate":""}`, transport.Fragment{}, transport.CodeBadFragment},
		{"two sections", "m=audio 9 RTP/AVP 0\r\nm=audio 9 RTP/AVP 0\r\n", transport.Fragment{}, transport.CodeBadFragment},
		{"bad candidate", "a=candidate:1 1 udp\r\n", transport.Fragment{}, transport.CodeBadFragment},
		{"two users", "a=ice-ufrag:aaaa\r\na=ice-ufrag:bbbb\r\n", transport.Fragment{}, transport.CodeBadFragment},
		{"short password", "a=ice-pwd:short\r\n", transport.Fragment{}, transport.CodeBadFragment},
		{"too long", strings.Repeat("a=x\r\n", transport.MaxSDP/4), transport.Fragment{}, transport.CodeTooLarge},
		{"many", strings.Repeat("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", 65), transport.Fragment{}, transport.CodeBadFragment},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := transport.ParseFragment(tt.text)
			if codeOf(err) != tt.code {
				t.Fatalf("error %v, want code %q", err, tt.code)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("fragment (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAddCandidateChecksWhatItIsGiven(t *testing.T) {
	e := listen(t, bothPorts)
	conn, _, err := e.Answer(t.Context(), chromeOffer, newRecorder())
	if err != nil {
		t.Fatal(err)
	}
	for _, good := range []string{
		"", "candidate:1 1 udp 2113937151 192.0.2.1 51472 typ host", "1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active",
		"candidate:1 1 udp 1 0a1b2c3d-0000-4000-8000-000000000000.local 9 typ host",
	} {
		if err := conn.AddCandidate(good); err != nil {
			t.Errorf("candidate %q: %v", good, err)
		}
	}
	if err := conn.AddCandidate("candidate:nothing"); codeOf(err) != transport.CodeBadSDP {
		t.Errorf("bad candidate: %v, want code %s", err, transport.CodeBadSDP)
	}
	if got, want := conn.RemoteUfrag(), "4ZcD"; got != want {
		t.Errorf("remote ufrag %q, want %q", got, want)
	}
}

func TestReplaceCandidates(t *testing.T) {
	e := listen(t, transport.Options{UDPAddress: "127.0.0.1:0", Advertise: "203.0.113.9:443"})
	sdp := "v=0\r\nm=audio 9 x\r\na=candidate:1 1 udp 1 10.0.0.1 1 typ host\r\na=candidate:2 1 udp 1 10.0.0.2 1 typ host\r\na=mid:0\r\nm=video 9 x\r\na=mid:1\r\n"
	want := "v=0\r\nm=audio 9 x\r\na=candidate:" + e.Candidates()[0] + "\r\na=mid:0\r\nm=video 9 x\r\na=mid:1\r\n"
	if diff := cmp.Diff(want, e.ReplaceCandidates(sdp)); diff != "" {
		t.Errorf("SDP (-want +got):\n%s", diff)
	}
}
