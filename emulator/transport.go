package emulator

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"

	"gatewayd/emulator/internal/gateway"
)

// transports are how functions with a URL are called, and the endpoints of HTTP integrations: as given, or by transports of the
// emulator's own.
func transports(given http.RoundTripper) (functions http.RoundTripper, backends gateway.Backends) {
	if given == nil {
		return newTransport(), gateway.Backends{Verified: newBackendTransport(), Insecure: insecure(newBackendTransport())}
	}
	backends = gateway.Backends{Verified: given, Insecure: given}
	if transport, ok := given.(*http.Transport); ok {
		backends.Insecure = insecure(transport.Clone())
	}
	return given, backends
}

// newTransport is how functions with a URL are called: no proxy of the environment, and connections that are used again.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: handshakeTimeout,
		ForceAttemptHTTP2:   true,
	}
}

const handshakeTimeout = 5 * time.Second

// newBackendTransport is how endpoints are called: by HTTP/1.1, as API Gateway does, and with the client's Accept-Encoding only.
func newBackendTransport() *http.Transport {
	transport := newTransport()
	transport.ForceAttemptHTTP2, transport.DisableCompression = false, true
	transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	return transport
}

// insecure makes a transport accept a certificate whoever signed it. As with AWS's insecureSkipVerification, it must still name
// the host, and be neither too old nor too new.
func insecure(transport *http.Transport) *http.Transport {
	dial, config := transport.DialContext, transport.TLSClientConfig
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	transport.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		connection, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
		defer cancel()
		secured := tls.Client(connection, lenient(config, host))
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, connection.Close())
		}
		return secured, nil
	}
	return transport
}

func lenient(config *tls.Config, host string) *tls.Config {
	if config = config.Clone(); config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.ServerName = host
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(state tls.ConnectionState) error {
		leaf, now := state.PeerCertificates[0], time.Now()
		err := leaf.VerifyHostname(host)
		if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
			err = x509.CertificateInvalidError{Cert: leaf, Reason: x509.Expired, Detail: "its time is not now"}
		}
		if err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
		}
		return nil
	}
	return config
}
