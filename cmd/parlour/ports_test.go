package main

import (
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/parlour-chat/parlour/signaling/testbed"
)

// A server that cannot listen everywhere does not start, and says which setting
// gives it another port.
func TestATakenPortRefusesTheStart(t *testing.T) {
	both := func(t *testing.T) string { // one port, by UDP and TCP
		t.Helper()
		tcp, err := net.Listen("tcp", testbed.FreeAddress(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tcp.Close() })
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = udp.Close() })
		return tcp.Addr().String()
	}
	for setting, more := range map[string][]string{
		"ops.address": nil, "http.address": nil, "webrtc.udp_address": nil, "webrtc.tcp_address": nil, "demo-address": {"--demo"},
	} {
		t.Run(setting, func(t *testing.T) {
			taken := both(t)
			err := secondServer(t, append(more, "--data.directory="+t.TempDir(), "--"+setting+"="+taken)...)
			if err == nil {
				t.Fatal("it serves as if well")
			}
			for _, want := range []string{taken, setting, "free"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not said: %v", want, err)
				}
			}
		})
	}
}

// The README's command for busy ports names each port once, and none that is a
// default: these are the busy ones.
func TestReadmeCommandForBusyPorts(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile("`bin/parlour serve (--demo --[^`]+)`").FindSubmatch(readme)
	if command == nil {
		t.Fatal("the README has no command for busy ports")
	}
	addresses := func(arguments ...string) map[string]string {
		shop := ""
		c, rest, err := settings("serve", arguments, nil, &strings.Builder{}, func(flags *pflag.FlagSet) {
			flags.Bool("demo", false, "")
			flags.StringVar(&shop, "demo-address", "127.0.0.1:8090", "")
		})
		if err != nil || len(rest) != 0 {
			t.Fatalf("%v: %v, left are %v", arguments, err, rest)
		}
		return map[string]string{c.HTTP.Address: "http", c.Ops.Address: "ops", c.WebRTC.UDPAddress: "webrtc", c.WebRTC.TCPAddress: "webrtc", shop: "shop"}
	}
	usual, given := addresses(), addresses(strings.Fields(string(command[1]))...)
	if len(given) != 4 {
		t.Errorf("two of the parts have one port: %v", given)
	}
	for address, part := range given {
		if of, ok := usual[address]; ok {
			t.Errorf("%s of %s is the default of %s", address, part, of)
		}
	}
}
