package transport

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/pion/dtls/v3"
	dtlsnet "github.com/pion/dtls/v3/pkg/net"
	"github.com/pion/ice/v4"
	"github.com/pion/sctp"
)

const (
	dtlsRetransmit = 100 * time.Millisecond
	// sctpMTU leaves room for DTLS, UDP and IPv6 within 1280 bytes.
	sctpMTU = 1191
	// sctpReceiveBuffer bounds what a peer can make one connection hold.
	sctpReceiveBuffer = 256 << 10
)

// connect brings up ICE, DTLS and SCTP, in this order, within the timeout.
func (c *Conn) connect(ctx context.Context) (*sctp.Association, error) {
	late := time.AfterFunc(c.shared.timeout, func() { c.stop(ErrTimeout) })
	defer late.Stop()
	link, err := c.reach(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect ICE: %w", err)
	}
	secure, err := c.handshake(ctx, link)
	if err != nil {
		return nil, fmt.Errorf("connect DTLS: %w", err)
	}
	c.mu.Lock()
	c.secure = secure
	c.mu.Unlock()
	if ctx.Err() != nil { // unblock may have come before c.secure was set
		_ = secure.Close()
		return nil, context.Cause(ctx)
	}
	largest := uint32(MaxSend)
	if c.remote.maxMessage != 0 {
		largest = min(largest, c.remote.maxMessage)
	}
	// Both sides begin: one round trip less than waiting for the peer's INIT.
	assoc, err := sctp.ClientWithOptions(
		sctp.WithNetConn(secure),
		sctp.WithLoggerFactory(c.shared.loggers),
		sctp.WithMTU(sctpMTU),
		sctp.WithMaxMessageSize(largest),
		sctp.WithMaxReceiveBufferSize(sctpReceiveBuffer),
		sctp.WithEnableZeroChecksum(true),
		sctp.WithBlockWrite(true),
	)
	if err != nil {
		return nil, fmt.Errorf("connect SCTP: %w", err)
	}
	return assoc, nil
}

func (c *Conn) reach(ctx context.Context) (*ice.Conn, error) {
	if c.client != nil {
		return c.agent.Dial(ctx, c.remote.ufrag, c.remote.pwd)
	}
	return c.agent.Accept(ctx, c.remote.ufrag, c.remote.pwd)
}

func (c *Conn) handshake(ctx context.Context, link *ice.Conn) (*dtls.Conn, error) {
	// Only ECDSA with AES-GCM: every browser has it, and our certificate is P-256.
	options := []dtls.Option{
		dtls.WithCertificates(c.shared.certificate),
		dtls.WithCipherSuites(
			dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
			dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		),
		// Browsers always offer SRTP; a server without any profile refuses them.
		dtls.WithSRTPProtectionProfiles(
			dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80,
		),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithFlightInterval(dtlsRetransmit),
		dtls.WithInsecureSkipVerify(true), // no chain: the fingerprint is the identity
		dtls.WithVerifyPeerCertificate(c.verifyPeer),
		dtls.WithLoggerFactory(c.shared.loggers),
	}
	packets := lingering{dtlsnet.PacketConnFromConn(link), c}
	var conn *dtls.Conn
	var err error
	if c.client != nil {
		client := make([]dtls.ClientOption, len(options))
		for i, o := range options {
			client[i] = o
		}
		conn, err = dtls.ClientWithOptions(packets, link.RemoteAddr(), client...)
	} else {
		server := make([]dtls.ServerOption, len(options), len(options)+2)
		for i, o := range options {
			server[i] = o
		}
		// ICE has proved the peer's address: no HelloVerify round trip.
		server = append(server, dtls.WithClientAuth(dtls.RequireAnyClientCert), dtls.WithInsecureSkipVerifyHello(true))
		conn, err = dtls.ServerWithOptions(packets, link.RemoteAddr(), server...)
	}
	if err != nil {
		return nil, err
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func (c *Conn) verifyPeer(certificates [][]byte, _ [][]*x509.Certificate) error {
	if len(certificates) == 0 || !matches(c.remote.prints, certificates[0]) {
		c.stop(ErrFingerprint)
		return errors.New("certificate does not match")
	}
	return nil
}

// tcpFlush is how long a TCP connection stays after the last write.
const tcpFlush = 100 * time.Millisecond

// lingering closes an ICE-TCP link a moment later: what is written goes
// through a buffer that closing would throw away, and with it the alert that
// tells the peer about the end.
type lingering struct {
	net.PacketConn
	c *Conn
}

func (l lingering) Close() error {
	pair, err := l.c.agent.GetSelectedCandidatePair()
	if err == nil && pair != nil && pair.Local.NetworkType().IsTCP() {
		<-time.After(tcpFlush)
	}
	return l.PacketConn.Close()
}
