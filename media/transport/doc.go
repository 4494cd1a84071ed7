// Package transport carries data-only WebRTC connections over one UDP port and
// one ICE-TCP port. A connection is built directly on pion's ICE, DTLS, SCTP
// and data channel modules, without webrtc.PeerConnection: no media engine, no
// SRTP session, few goroutines, so that thousands may stay idle.
//
// The server side is an Endpoint: it is ICE-lite, answers a browser's offer at
// once with all its candidates, is passive in DTLS and takes the four channels
// the browser opens (ChannelMain, ChannelCobrowse, ChannelPointer,
// ChannelBulk). A Dialer is the other side, for tests and load generators.
//
// The same ports serve call legs: UDPMux, TCPMux, Certificate and
// ReplaceCandidates give a webrtc.SettingEngine what it needs.
package transport
