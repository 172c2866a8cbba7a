package emulator_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
)

// authority signs certificates for a test.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pool        *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Country: []string{"US"}, Organization: []string{"Example"}, CommonName: "Test CA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.certificate, a.key = a.sign(t, template)
	a.pool.AddCert(a.certificate)
	return a
}

func (a *authority) sign(t *testing.T, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, parentKey := a.certificate, a.key
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate, key
}

func (a *authority) issue(t *testing.T, template *x509.Certificate) tls.Certificate {
	t.Helper()
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	certificate, key := a.sign(t, template)
	return tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key, Leaf: certificate}
}

func (a *authority) server(t *testing.T) *tls.Config {
	t.Helper()
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{a.issue(t, &x509.Certificate{SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})},
	}
}

// serveTLS serves until the test ends, and returns the address.
func serveTLS(t *testing.T, e *emulator.Emulator, config *tls.Config) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.ServeTLS(ctx, listener, config) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// newEcho has an API whose function answers with the event that it was given.
func newEcho(t *testing.T) *emulator.Emulator {
	t.Helper()
	e, err := emulator.New(emulator.Routes(echoRoutes), emulator.Functions{
		"echo": emulator.Func(func(_ context.Context, event json.RawMessage) (events.APIGatewayProxyResponse, error) {
			return events.APIGatewayProxyResponse{StatusCode: 200, Body: string(event)}, nil
		}),
		"cert": emulator.Func(func(_ context.Context, r events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			return events.APIGatewayProxyResponse{StatusCode: 200, Body: r.RequestContext.Identity.ClientCert.SubjectDN}, nil
		}),
		"authorizer": emulator.Func(func(_ context.Context, r events.APIGatewayCustomAuthorizerRequestTypeRequest) (any, error) {
			return map[string]any{
				"principalId": r.RequestContext.Identity.ClientCert.SerialNumber,
				"policyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{
					map[string]any{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": r.MethodArn},
				}},
			}, nil
		}),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

const echoRoutes = `
api: { stage: dev }
authorizers: { a: { type: REQUEST, function: authorizer, identitySource: [context.path] } }
routes:
  GET /a: echo
  GET /cert: cert
  GET /guarded: { function: echo, authorizer: a }
  GET /mock: { mock: { body: "$context.identity.clientCert.subjectDN $context.identity.clientCert.serialNumber" } }
`

// On HTTP/1.1 the names of headers are the client's also by TLS, and a plaintext request is told what is wrong.
func TestServeTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	address := serveTLS(t, newEcho(t), a.server(t))
	for _, protocols := range [][]string{{"http/1.1"}, nil} {
		connection, err := (&tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: a.pool, NextProtos: protocols}}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		reader := bufio.NewReader(connection)
		for _, name := range []string{"tEsT-HEADeR", "x-other"} { // two requests of one connection
			fmt.Fprintf(connection, "GET /dev/a HTTP/1.1\r\nHost: example.com\r\n%s: 1\r\n\r\n", name)
			response, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close() // what there was has been read
			if err != nil || !strings.Contains(string(body), `"`+name+`":"1"`) {
				t.Errorf("%v: got %s, %v, want the header %s", protocols, body, err, name)
			}
		}
		if err := connection.Close(); err != nil {
			t.Error(err)
		}
	}
	plain, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(plain, "GET /dev/a HTTP/1.1\r\nHost: example.com\r\n\r\n")
	if answer, err := io.ReadAll(plain); !strings.Contains(string(answer), "HTTP request to an HTTPS server") {
		t.Errorf("plaintext: got %q, %v", answer, err)
	}
}

// HTTP/2 is there for who offers it. Its header names are lower case, and events say HTTP/1.1 (rest-gateway 2.3, 2.6).
func TestServeTLSHTTP2(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	address := serveTLS(t, newEcho(t), a.server(t))
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: a.pool}}
	t.Cleanup(transport.CloseIdleConnections)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+"/dev/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Test", "1")
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.Proto != "HTTP/2.0" || !strings.Contains(string(body), `"x-test":"1"`) || !strings.Contains(string(body), `"protocol":"HTTP/1.1"`) {
		t.Errorf("got %s %s, %v", response.Proto, body, err)
	}
}

// A client that never shakes hands keeps nobody waiting, and does not hold up the end.
func TestServeTLSSilentClient(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	address := serveTLS(t, newEcho(t), a.server(t))
	for range 20 {
		silent, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = silent.Close() })
	}
	if status, _ := askTLS(t, address, "/dev/a", &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: a.pool}); status != 200 {
		t.Errorf("got %d, want 200", status)
	}
}

// askTLS returns status and body, or 0 and the error.
func askTLS(t *testing.T, address, path string, config *tls.Config) (int, string) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// Mutual TLS fills requestContext.identity.clientCert of events, and context variables (rest-gateway 12).
func TestServeMutualTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	config := a.server(t)
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, a.pool
	address := serveTLS(t, newEcho(t), config)
	serial, _ := new(big.Int).SetString("a1b2c3", 16)
	client := a.issue(t, &x509.Certificate{
		SerialNumber: serial, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		Subject: pkix.Name{Country: []string{"US"}, Organization: []string{"Example, Inc"}, CommonName: "client"},
	})
	known := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: a.pool, Certificates: []tls.Certificate{client}}

	_, body := askTLS(t, address, "/dev/a", known)
	var event struct {
		RequestContext struct {
			Identity struct {
				ClientCert map[string]any `json:"clientCert"`
			} `json:"identity"`
		} `json:"requestContext"`
	}
	if err := json.Unmarshal([]byte(body), &event); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	got := event.RequestContext.Identity.ClientCert
	if text, _ := got["clientCertPem"].(string); !strings.HasPrefix(text, "-----BEGIN CERTIFICATE-----\n") {
		t.Errorf("clientCertPem is %q", text)
	}
	delete(got, "clientCertPem")
	const layout = "Jan _2 15:04:05 2006 GMT"
	want := map[string]any{
		"subjectDN": `C=US,O=Example\, Inc,CN=client`, "issuerDN": "C=US,O=Example,CN=Test CA", "serialNumber": "a1:b2:c3",
		"validity": map[string]any{
			"notBefore": client.Leaf.NotBefore.UTC().Format(layout), "notAfter": client.Leaf.NotAfter.UTC().Format(layout),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clientCert (-want +got):\n%s", diff)
	}
	for path, part := range map[string]string{
		"/dev/cert": `C=US,O=Example\, Inc,CN=client`, "/dev/guarded": `"principalId":"a1:b2:c3"`, "/dev/mock": `C=US,O=Example\, Inc,CN=client a1:b2:c3`,
	} {
		if status, body := askTLS(t, address, path, known); status != 200 || !strings.Contains(body, part) {
			t.Errorf("%s: got %d %s, want %s", path, status, body, part)
		}
	}
	stranger := newAuthority(t).issue(t, &x509.Certificate{SerialNumber: big.NewInt(3), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	for name, certificates := range map[string][]tls.Certificate{"none": nil, "of another authority": {stranger}} {
		refused := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: a.pool, Certificates: certificates}
		if status, body := askTLS(t, address, "/dev/a", refused); status != 0 {
			t.Errorf("a certificate %s: got %d %s, want no answer", name, status, body)
		}
	}
}

// Without mutual TLS there is no such key, whatever a client presents.
func TestServeTLSWithoutClientCert(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	config := a.server(t)
	config.ClientAuth = tls.RequestClientCert // and nobody verifies it
	address := serveTLS(t, newEcho(t), config)
	client := newAuthority(t).issue(t, &x509.Certificate{SerialNumber: big.NewInt(3)})
	status, body := askTLS(t, address, "/dev/a", &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: a.pool, Certificates: []tls.Certificate{client}})
	if status != 200 || strings.Contains(body, "clientCert") {
		t.Errorf("got %d %s", status, body)
	}
}
