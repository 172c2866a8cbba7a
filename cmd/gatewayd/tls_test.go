package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writeCertificate makes a certificate of 127.0.0.1 that signs itself.
func writeCertificate(t *testing.T, folder string) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	certFile, keyFile, pool = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"), x509.NewCertPool()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	write(t, certFile, string(certificate))
	write(t, keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})))
	pool.AppendCertsFromPEM(certificate)
	return certFile, keyFile, pool
}

// With a certificate the API speaks HTTPS, and so says what is printed. With an authority of clients, it asks each for one.
func TestServeTLS(t *testing.T) {
	t.Parallel()
	certFile, keyFile, pool := writeCertificate(t, t.TempDir())
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	check(t, err)
	for _, test := range []struct {
		name     string
		args     []string
		presents []tls.Certificate
		answered bool
	}{
		{name: "server only", answered: true},
		{name: "mutual", args: []string{"--tls-client-ca", certFile}, presents: []tls.Certificate{pair}, answered: true},
		{name: "mutual, without a certificate", args: []string{"--tls-client-ca", certFile}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := start(t, oldRoutes, append([]string{"--tls-cert", certFile, "--tls-key", keyFile}, test.args...)...)
			url := "https" + strings.TrimPrefix(g.api, "http") + "/local"
			eventually(t, "the table has "+url, func() (string, bool) {
				out := g.stdout.String()
				return out, strings.Contains(out, "API      "+url+" ") && strings.Contains(out, url+"/old ")
			})
			transport := &http.Transport{
				ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, Certificates: test.presents},
			}
			defer transport.CloseIdleConnections()
			response, err := (&http.Client{Transport: transport, Timeout: patience}).Get(url + "/old")
			if !test.answered {
				if err == nil {
					t.Errorf("answered %s", response.Status)
					check(t, response.Body.Close())
				}
				g.awaitLog(t, "a client could not shake hands")
				return
			}
			check(t, err)
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK || response.Proto != "HTTP/2.0" {
				t.Errorf("got %s by %s, want 200 by HTTP/2.0", response.Status, response.Proto)
			}
		})
	}
}
