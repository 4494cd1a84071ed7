package media

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"

	"github.com/parlour-chat/parlour/media/transport"
)

var (
	opus = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1;usedtx=1"}
	vp8  = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000, RTCPFeedback: []webrtc.RTCPFeedback{
		{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}, {Type: "transport-cc"},
	}}
)

// newPeerConnection makes the server's side of one leg: ICE-lite behind the
// endpoint's ports, passive DTLS with the process's certificate. The API is
// made per leg since the early pair selection keeps state.
func newPeerConnection(e *transport.Endpoint) (*webrtc.PeerConnection, error) {
	var codecs webrtc.MediaEngine
	err := codecs.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: opus, PayloadType: 111}, webrtc.RTPCodecTypeAudio)
	if err == nil {
		err = codecs.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: vp8, PayloadType: 96}, webrtc.RTPCodecTypeVideo)
	}
	var chain interceptor.Registry
	if err == nil {
		err = webrtc.ConfigureNack(&codecs, &chain)
	}
	if err == nil {
		err = webrtc.ConfigureRTCPReports(&chain)
	}
	if err == nil {
		err = webrtc.ConfigureTWCCSender(&codecs, &chain)
	}
	if err != nil {
		return nil, fmt.Errorf("configure codecs: %w", err)
	}
	certificate := e.Certificate()
	key, ok := certificate.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("configure leg: the certificate's key is not ECDSA")
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&codecs), webrtc.WithInterceptorRegistry(&chain), webrtc.WithSettingEngine(settings(e)))
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{webrtc.CertificateFromX509(key, certificate.Leaf)}})
	if err != nil {
		return nil, fmt.Errorf("make leg: %w", err)
	}
	return pc, nil
}

func settings(e *transport.Endpoint) webrtc.SettingEngine {
	var s webrtc.SettingEngine
	s.SetLite(true)
	s.SetNet(e.Net())
	s.SetIncludeLoopbackCandidate(e.Loopback())
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.DisableActiveTCP(true)
	var networks []webrtc.NetworkType
	if udp := e.UDPMux(); udp != nil {
		s.SetICEUDPMux(udp)
		networks = append(networks, webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6)
	}
	if tcp := e.TCPMux(); tcp != nil {
		s.SetICETCPMux(tcp)
		networks = append(networks, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	s.SetNetworkTypes(networks)
	s.SetICETimeouts(5*time.Second, 15*time.Second, 2*time.Second)
	s.SetDTLSRetransmissionInterval(100 * time.Millisecond)
	s.SetDTLSInsecureSkipHelloVerify(true) // ICE has proved the path already
	s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	first := true
	s.SetICEBindingRequestHandler(func(*stun.Message, ice.Candidate, ice.Candidate, *ice.CandidatePair) bool {
		was := first
		first = false
		return was // the first authenticated request selects its pair; a nomination still wins
	})
	return s
}
