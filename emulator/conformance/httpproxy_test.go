package conformance_test

import (
	"compress/gzip"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

// networkError is the refusal for an endpoint that gives no answer (rest-gateway 4).
func networkError() refusal {
	return refusal{
		Status: 504, Body: `{"message": "Network error communicating with endpoint"}`, ErrorType: "InternalServerErrorException",
		ContentType: "application/json", Code: trace.IntegrationUnreachable,
	}
}

// configurationError is the refusal for an endpoint that cannot be used.
func configurationError() refusal {
	return refusal{
		Status: 500, Body: internalServerError, ErrorType: "InternalServerErrorException", ContentType: "application/json", Code: trace.IntegrationError,
	}
}

// askEndpoint asks for a route whose endpoint is at a URL.
func askEndpoint(t *testing.T, integration, limits string, headers ...string) emulatortest.Response {
	t.Helper()
	gateway := emulatortest.Run(t, emulator.Routes(`{api: {stage: dev, `+limits+`}, routes: {GET /a: {http: `+integration+`}}}`), nil, nil)
	return gateway.Get("/dev/a", headers...)
}

// TestHTTPProxyFaults holds rest-gateway 4 and 9 for endpoints that fail.
func TestHTTPProxyFaults(t *testing.T) {
	t.Parallel()
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	late := networkError()
	late.Body, late.Code = `{"message": "Endpoint request timed out"}`, trace.IntegrationTimeout
	raw := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = io.WriteString(connection, text) // a client that has seen enough goes away
			_ = connection.Close()
		}
	}
	flood := func(w http.ResponseWriter, _ *http.Request) {
		for chunk := strings.Repeat("x", 1<<20); ; {
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
		}
	}
	tests := []struct {
		name, confidence string
		endpoint         http.HandlerFunc
		hangs            bool
		want             refusal
	}{
		{name: "hangs", confidence: "recorded", endpoint: hang, hangs: true, want: late},
		{
			name: "hangs after its head", confidence: "inferred", hangs: true, want: late,
			endpoint: func(w http.ResponseWriter, r *http.Request) {
				_ = http.NewResponseController(w).Flush()
				hang(w, r)
			},
		},
		{name: "closes before its head", confidence: "reported", want: networkError(), endpoint: raw("")},
		{name: "closes within its head", confidence: "inferred", want: networkError(), endpoint: raw("HTTP/1.1 200 OK\r\nContent-")},
		{name: "closes within its body", confidence: "inferred", want: networkError(), endpoint: raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}")},
		{name: "is no HTTP server", confidence: "inferred", want: networkError(), endpoint: raw("SSH-2.0-OpenSSH_9.9\r\n")},
		{name: "two lengths", confidence: "inferred", want: networkError(), endpoint: raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}")},
		{name: "a chunk that is none", confidence: "inferred", want: networkError(), endpoint: raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")},
		{name: "switches protocols", confidence: "inferred", want: configurationError(), endpoint: raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")},
		{name: "a status beyond all", confidence: "inferred", want: configurationError(), endpoint: raw("HTTP/1.1 700 What\r\nContent-Length: 0\r\n\r\n")},
		{name: "a head of megabytes", confidence: "inferred", want: networkError(), endpoint: raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 12<<20) + "\r\n\r\n")},
		{name: "floods", confidence: "reported", want: configurationError(), endpoint: flood},
		{
			name: "says that it has too much", confidence: "reported", want: configurationError(),
			endpoint: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "10485761")
				flood(w, r)
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.endpoint)
			t.Cleanup(server.Close)
			limits := "timeoutInMillis: 29000"
			if test.hangs {
				limits = "timeoutInMillis: 50"
			}
			got := askEndpoint(t, `"`+server.URL+`/"`, limits)
			if diff := cmp.Diff(test.want, refusalOf(got)); diff != "" {
				t.Errorf("rest-gateway 4 (%s), -want +got:\n%s\nbecause: %s", test.confidence, diff, got.Trace.Line())
			}
		})
	}
}

// TestHTTPProxyUnreachable holds rest-gateway 3.2 and 4 for endpoints that are not there.
func TestHTTPProxyUnreachable(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(networkError(), refusalOf(askEndpoint(t, `"http://`+listener.Addr().String()+`"`, "timeoutInMillis: 29000"))); diff != "" {
		t.Errorf("connection refused (recorded), -want +got:\n%s", diff)
	}
}

// TestHTTPProxyTLS: a certificate is checked, and how much of it tlsConfig says.
func TestHTTPProxyTLS(t *testing.T) {
	t.Parallel()
	var proto string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proto = r.Proto
		_, _ = io.WriteString(w, "ok")
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)

	got := askEndpoint(t, `"`+server.URL+`"`, "timeoutInMillis: 29000")
	if diff := cmp.Diff(configurationError(), refusalOf(got)); diff != "" {
		t.Errorf("a certificate of its own (reported), -want +got:\n%s", diff)
	}
	if !strings.Contains(got.Trace.Hint, "insecureSkipVerification") {
		t.Errorf("the hint is %q", got.Trace.Hint)
	}
	got = askEndpoint(t, `{uri: "`+server.URL+`", tlsConfig: {insecureSkipVerification: true}}`, "timeoutInMillis: 29000")
	if got.Status != 200 || got.Body != "ok" || proto != "HTTP/1.1" {
		t.Errorf("got %s by %s, want 200 ok by HTTP/1.1, as API Gateway speaks", got, proto)
	}
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	got = askEndpoint(t, `{uri: "https://localhost:`+port+`", tlsConfig: {insecureSkipVerification: true}}`, "timeoutInMillis: 29000")
	if diff := cmp.Diff(configurationError(), refusalOf(got)); diff != "" {
		t.Errorf("a certificate of another host (documented), -want +got:\n%s", diff)
	}
}

// TestHTTPProxyCompression: an endpoint's compression is the client's affair.
func TestHTTPProxyCompression(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") == "" {
			_, _ = io.WriteString(w, "plain")
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "image/png") // as bytes
		compressed := gzip.NewWriter(w)
		_, _ = io.WriteString(compressed, "squeezed")
		_ = compressed.Close()
	}))
	t.Cleanup(server.Close)
	if got := askEndpoint(t, `"`+server.URL+`"`, "timeoutInMillis: 29000"); got.Body != "plain" {
		t.Errorf("without Accept-Encoding: got %s", got)
	}
	got := askEndpoint(t, `"`+server.URL+`"`, `binaryMediaTypes: ["*/*"]`, "Accept-Encoding", "gzip")
	reader, err := gzip.NewReader(strings.NewReader(got.Body))
	if err != nil {
		t.Fatalf("got %s: %v", got, err)
	}
	if text, err := io.ReadAll(reader); err != nil || string(text) != "squeezed" || got.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("got %q, %v", text, err)
	}
}

// TestHTTPProxyLimits holds rest-gateway 4: 10 MB there and 10 MB back.
func TestHTTPProxyLimits(t *testing.T) {
	t.Parallel()
	const limit = 10_485_760
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	t.Cleanup(server.Close)
	gateway := emulatortest.Run(t, emulator.Routes(`{api: {stage: dev}, routes: {POST /a: {http: "`+server.URL+`"}}}`), nil, nil)
	body := strings.Repeat("x", limit)
	if got := gateway.Do("POST", "/dev/a", body); got.Status != 200 || got.Body != body {
		t.Errorf("got %d with %d bytes, want 200 with %d", got.Status, len(got.Body), limit)
	}
	if got := gateway.Do("POST", "/dev/a", body+"x"); got.Status != 413 {
		t.Errorf("got %d for one byte more, want 413", got.Status)
	}
}

// TestHTTPProxyTrace: the trace shows both messages, and no secret.
func TestHTTPProxyTrace(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Add("Set-Cookie", "session=0123456789abcdef")
		_, _ = io.WriteString(w, `{"token":"0123456789abcdef","seen":"`+r.Header.Get("X-Secret")+`"}`)
	}))
	t.Cleanup(server.Close)
	allow := answering(`{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"*","Effect":"Allow","Resource":"*"}]}}`)
	gateway := emulatortest.Run(t, emulator.Routes(`
api: { stage: dev }
authorizers: { a: { type: REQUEST, function: f, identitySource: [method.request.header.X-Secret, method.request.querystring.key] } }
routes: { POST /a: { http: "`+server.URL+`/x", authorizer: a } }
`), emulator.Functions{"f": allow}, nil)
	got := gateway.Do("POST", "/dev/a?key=correct-horse&page=1", `{"password":"hunter2hunter2"}`, "X-Secret", "battery-staple-1", "Authorization", "Bearer fedcba9876543210")
	if got.Status != 200 || !strings.Contains(got.Body, "battery-staple-1") {
		t.Fatalf("got %s", got)
	}
	text, err := got.Trace.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{server.URL + "/x", `"statusCode":200`, `"method":"POST"`, `"page":["1"]`} {
		if !strings.Contains(string(text), shown) {
			t.Errorf("the trace lacks %s:\n%s", shown, text)
		}
	}
	for _, secret := range []string{"0123456789abcdef", "correct-horse", "hunter2hunter2", "battery-staple-1", "fedcba9876543210"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the trace shows %s:\n%s", secret, text)
		}
	}
}
