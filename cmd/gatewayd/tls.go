package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// tlsFlags have the API served by TLS.
type tlsFlags struct {
	TLSCert     string `name:"tls-cert" placeholder:"FILE" help:"Certificate of the API, PEM, with those that signed it: serve HTTPS, and HTTP/2."`
	TLSKey      string `name:"tls-key" placeholder:"FILE" help:"Private key of the certificate, PEM."`
	TLSClientCA string `name:"tls-client-ca" placeholder:"FILE" help:"Certificates, PEM, that sign those of clients: mutual TLS, which every client must speak."`
}

// check refuses flags that lack another.
func (f *tlsFlags) check() error {
	if (f.TLSCert == "") != (f.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key go together")
	}
	if f.TLSClientCA != "" && f.TLSCert == "" {
		return errors.New("--tls-client-ca needs --tls-cert and --tls-key")
	}
	return nil
}

// config reads the files; it is nil without them.
func (f *tlsFlags) config() (*tls.Config, error) {
	if f.TLSCert == "" {
		return nil, nil //nolint:nilnil // no TLS is no failure
	}
	certificate, err := tls.LoadX509KeyPair(f.TLSCert, f.TLSKey)
	if err != nil {
		return nil, &failure{
			err:  fmt.Errorf("--tls-cert and --tls-key: %w", err),
			hint: "both are PEM files; mkcert, or openssl req -x509 -newkey rsa:2048 -nodes, makes a pair",
		}
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if f.TLSClientCA == "" {
		return config, nil
	}
	text, err := os.ReadFile(f.TLSClientCA)
	if err != nil {
		return nil, &failure{err: fmt.Errorf("--tls-client-ca: %w", err), hint: "it is a PEM file of certificates"}
	}
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(text) {
		return nil, &failure{err: fmt.Errorf("--tls-client-ca: %s has no certificate", f.TLSClientCA), hint: "it is a PEM file of certificates"}
	}
	return config, nil
}

// serveAPI serves the API, by TLS where that is configured.
func (s *server) serveAPI(ctx context.Context, listener net.Listener) error {
	if s.tls != nil {
		return s.apis.ServeTLS(ctx, listener, s.tls)
	}
	return s.apis.Serve(ctx, listener)
}

// apiURL is where the API is, without its base path.
func (s *server) apiURL(listener net.Listener) string {
	url := baseURL(listener)
	if s.tls != nil {
		url = "https" + strings.TrimPrefix(url, "http")
	}
	return url
}
