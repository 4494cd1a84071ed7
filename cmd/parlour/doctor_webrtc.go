package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/parlour-chat/parlour/configs"
	"github.com/parlour-chat/parlour/media/transport"
)

// checkWebRTC opens the ports and looks at the addresses that browsers are told.
func checkWebRTC(_ context.Context, c configs.Config) finding {
	f := finding{part: "webrtc", note: "closed: chat goes by WebSocket, and there are no calls"}
	endpoint, err := transport.Listen(transport.Options{UDPAddress: c.WebRTC.UDPAddress, TCPAddress: c.WebRTC.TCPAddress, Advertise: c.WebRTC.Advertise})
	if err != nil {
		f.err = fmt.Errorf("%w: is a server running already? Else look at webrtc.udp_address and webrtc.tcp_address", err)
		return f
	}
	told := toldAddresses(endpoint.Candidates())
	if len(told) > 0 {
		f.note = "browsers are told " + strings.Join(told, ", ")
	}
	f.err = errors.Join(checkAdvertise(c, len(told) > 0), endpoint.Close())
	if f.err == nil && c.WebRTC.Advertise == "" && len(told) > 0 && !reachedFromHere(c) && !anyPublic(told) {
		f.note += ": none of them is public; for visitors from the internet set webrtc.advertise"
	}
	return f
}

// checkAdvertise finds what makes webrtc.advertise an address that no browser
// can reach.
func checkAdvertise(c configs.Config, open bool) error {
	if c.WebRTC.Advertise == "" {
		return nil
	}
	at, err := netip.ParseAddrPort(c.WebRTC.Advertise)
	switch {
	case err != nil:
		return fmt.Errorf("webrtc.advertise: %w", err)
	case !open:
		return errors.New("webrtc.advertise is set, but both ports are closed: set webrtc.udp_address, or empty it")
	case at.Addr().IsLoopback() && !reachedFromHere(c):
		return fmt.Errorf("webrtc.advertise is %s, which is this machine for every browser: write the address that they reach it at", at)
	case !at.Addr().IsLoopback() && onlyLoopback(c.WebRTC.UDPAddress) && onlyLoopback(c.WebRTC.TCPAddress):
		return fmt.Errorf(`webrtc.advertise is %s, but the ports listen on this machine alone: set webrtc.udp_address and webrtc.tcp_address to ":%d"`, at, at.Port())
	}
	return nil
}

// reachedFromHere says that browsers come from this machine alone.
func reachedFromHere(c configs.Config) bool {
	u, err := url.Parse(c.PublicURL())
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

func onlyLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return true // closed
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// toldAddresses are the addresses of candidates, each once.
func toldAddresses(candidates []string) []string {
	var told []string
	seen := map[string]bool{}
	for _, line := range candidates {
		fields := strings.Fields(line)
		if len(fields) < 6 {
			continue
		}
		if at := net.JoinHostPort(fields[4], fields[5]); !seen[at] {
			seen[at] = true
			told = append(told, at)
		}
	}
	return told
}

func anyPublic(told []string) bool {
	for _, text := range told {
		at, err := netip.ParseAddrPort(text)
		if err == nil && at.Addr().IsGlobalUnicast() && !at.Addr().IsPrivate() {
			return true
		}
	}
	return false
}
