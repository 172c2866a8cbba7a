package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/gateway"
	"gatewayd/emulator/trace"
)

// harness is a gateway with a clock of its own, and what it recorded.
type harness struct {
	*gateway.Gateway
	options gateway.Options

	mu       sync.Mutex
	now      time.Time
	calls    map[string]int // of functions, by name
	traces   []trace.Trace
	warnings []string
}

// newHarness makes a gateway with the functions of the tests: echo answers with its event, jwt allows its caller, whose
// token is the principal, everything.
func newHarness(change func(*gateway.Options)) *harness {
	h := &harness{now: time.Unix(1_790_284_754, 108_000_000), calls: map[string]int{}}
	h.options = gateway.Options{
		Now:      func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now },
		Tracker:  &function.Tracker{},
		SourceIP: func(*http.Request) string { return "192.0.2.1" },
		Record: func(tr trace.Trace, warnings []string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.traces, h.warnings = append(h.traces, tr), append(h.warnings, warnings...)
		},
	}
	h.options.Handlers = map[string]lambda.Handler{
		"echo": function.Func(func(_ context.Context, event json.RawMessage) (any, error) {
			h.called("echo")
			return map[string]any{"statusCode": 200, "body": string(event)}, nil
		}),
		"jwt":   function.Func(h.authorize),
		"other": function.Func(h.authorize),
	}
	if change != nil {
		change(&h.options)
	}
	h.Gateway = gateway.New(h.options)
	return h
}

func (h *harness) called(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls[name]++
}

func (h *harness) authorize(_ context.Context, e events.APIGatewayCustomAuthorizerRequest) (any, error) {
	h.called("jwt")
	return map[string]any{
		"principalId": e.AuthorizationToken,
		"policyDocument": map[string]any{
			"Version":   "2012-10-17",
			"Statement": []any{map[string]any{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}},
		},
	}, nil
}

// answers adds a function that answers with fixed text.
func answers(name, answer string) func(*gateway.Options) {
	return func(o *gateway.Options) {
		o.Handlers[name] = function.Func(func(context.Context, json.RawMessage) (json.RawMessage, error) {
			return json.RawMessage(answer), nil
		})
	}
}

func (h *harness) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// last is the newest trace.
func (h *harness) last(t testing.TB) trace.Trace {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.traces) == 0 {
		t.Fatal("nothing is recorded")
	}
	return h.traces[len(h.traces)-1]
}

// api is an API with an open route and one that is not.
func api(change func(*apigw.API)) *apigw.API {
	at := func(line int) apigw.Position { return apigw.Position{File: "routes.yaml", Line: line, Column: 3} }
	a := &apigw.API{
		ID: "a1b2c3d4e5", Stage: "dev", Position: at(1),
		Authorizers: []apigw.Authorizer{{Name: "auth", Function: "jwt", ResultTTL: 300 * time.Second, Position: at(5)}},
		Routes: []apigw.Route{
			{Method: "ANY", Path: "/", Function: "echo", Position: at(10)},
			{Method: "ANY", Path: "/{proxy+}", Function: "echo", Position: at(11)},
			{Method: "GET", Path: "/guarded", Function: "echo", Authorizer: "auth", Position: at(12)},
			{Method: "GET", Path: "/guarded/too", Function: "echo", Authorizer: "auth", Position: at(13)},
		},
	}
	if change != nil {
		change(a)
	}
	a.SetDefaults()
	return a
}

// deploy fails the test when the API cannot be deployed.
func (h *harness) deploy(t testing.TB, a *apigw.API) *harness {
	t.Helper()
	if err := h.Deploy(a); err != nil {
		t.Fatal(err)
	}
	return h
}

// request is one as net/http's server gives it to a handler.
func request(t testing.TB, method, uri string, headers ...string) *http.Request {
	t.Helper()
	r := &http.Request{Method: method, RequestURI: uri, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: "gatewayd.test", Header: http.Header{}, Body: http.NoBody}
	for i := 0; i < len(headers); i += 2 {
		r.Header[headers[i]] = append(r.Header[headers[i]], headers[i+1])
	}
	return r.WithContext(t.Context())
}

// send has a request answered.
func (h *harness) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// get requests a path of the stage.
func (h *harness) get(t testing.TB, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return h.send(request(t, http.MethodGet, path, headers...))
}

// eventOf is the event that the echo function answered with.
func eventOf(t testing.TB, w *httptest.ResponseRecorder) events.APIGatewayProxyRequest {
	t.Helper()
	var e events.APIGatewayProxyRequest
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return e
}

func Example() {
	hello := function.Func(func(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		return events.APIGatewayProxyResponse{StatusCode: 200, Body: "hello " + e.PathParameters["name"]}, nil
	})
	g := gateway.New(gateway.Options{
		Now: time.Now, Tracker: &function.Tracker{}, Handlers: map[string]lambda.Handler{"hello": hello},
		SourceIP: func(*http.Request) string { return "192.0.2.1" },
		Record:   func(tr trace.Trace, _ []string) { fmt.Println(tr.Route, tr.Code) },
	})
	a := apigw.API{Stage: "dev", Routes: []apigw.Route{{Method: "GET", Path: "/hello/{name}", Function: "hello"}}}
	a.SetDefaults()
	if err := g.Deploy(&a); err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range []string{"/dev/hello/you", "/hello/you"} {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// GET /hello/{name} integration.ok
	// 200 hello you
	//  route.unknown_stage
	// 403 {"message":"Forbidden"}
}

func TestNothingDeployed(t *testing.T) {
	t.Parallel()
	h := newHarness(nil)
	h.Flush()
	w := h.get(t, "/dev/")
	if w.Code != http.StatusForbidden || w.Body.String() != `{"message":"Forbidden"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if tr := h.last(t); tr.Code != trace.RouteUnknownStage || tr.Reason != "nothing is deployed" || tr.Status != http.StatusForbidden {
		t.Errorf("the trace is %s", tr.Line())
	}
}

// A gateway that nobody listens to works as well.
func TestNothingRecorded(t *testing.T) {
	t.Parallel()
	h := newHarness(func(o *gateway.Options) { o.Record = nil }).deploy(t, api(nil))
	if w := h.get(t, "/dev/"); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// limited is a source of randomness that ends.
type limited struct{ left int }

func (l *limited) Read(p []byte) (int, error) {
	if l.left < len(p) {
		return 0, io.ErrUnexpectedEOF
	}
	l.left -= len(p)
	return len(p), nil
}

// A fault of the gateway's own refuses the request, tells why, and does not end the gateway.
func TestFault(t *testing.T) {
	t.Parallel()
	random := &limited{left: 16 + 11 + 12} // the ids of the request, none for the call of the function
	h := newHarness(func(o *gateway.Options) { o.Random = random }).deploy(t, api(nil))
	w := h.get(t, "/dev/pets")
	if w.Code != http.StatusInternalServerError || w.Body.String() != `{"message": "Internal server error"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	tr := h.last(t)
	if tr.Code != trace.GatewayError || tr.Status != http.StatusInternalServerError || !strings.Contains(tr.Reason, "the source of identifiers: unexpected EOF") || tr.Hint == "" {
		t.Errorf("the trace is %s", tr.Line())
	}
	if tr.Route != "ANY /{proxy+}" {
		t.Errorf("the trace has lost what was known: %+v", tr)
	}
	random.left = 1000
	if w := h.get(t, "/dev/pets"); w.Code != http.StatusOK {
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
}

// gone is a client that does not read its answer.
type gone struct{ http.ResponseWriter }

func (gone) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestClientGone(t *testing.T) {
	t.Parallel()
	h := newHarness(nil).deploy(t, api(nil))
	h.ServeHTTP(gone{httptest.NewRecorder()}, request(t, http.MethodGet, "/dev/"))
	tr := h.last(t)
	if end := tr.Steps[len(tr.Steps)-1]; end.Code != trace.ClientGone || tr.Code != trace.IntegrationOK {
		t.Errorf("the last step is %+v of %s", end, tr.Line())
	}
}

// What API Gateway began it finishes: a client that goes away cancels nothing.
func TestCanceledRequest(t *testing.T) {
	t.Parallel()
	h := newHarness(nil).deploy(t, api(nil))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if w := h.send(request(t, http.MethodGet, "/dev/guarded", "Authorization", "a").WithContext(ctx)); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// large is a body that is read only to be thrown away, after the answer was sent.
type large struct {
	t        *testing.T
	answered *httptest.ResponseRecorder
	reads    int
}

func (l *large) Read([]byte) (int, error) {
	l.reads++
	if !l.answered.Flushed {
		l.t.Error("the body is read before the answer is sent")
	}
	return 0, io.EOF
}

func (*large) Close() error { return nil }

// A body that is announced as too large is refused at once. A client that sends it all the same must not lose the answer;
// one that asked first does not send it.
func TestBodyAnnouncedAsTooLarge(t *testing.T) {
	t.Parallel()
	for expect, reads := range map[string]int{"": 1, "100-continue": 0} {
		h := newHarness(nil).deploy(t, api(nil))
		w := httptest.NewRecorder()
		body := &large{t: t, answered: w}
		r := request(t, http.MethodPost, "/dev/pets")
		r.Body, r.ContentLength = body, 10<<20+1
		if expect != "" {
			r.Header.Set("Expect", expect)
		}
		h.ServeHTTP(w, r)
		if w.Code != http.StatusRequestEntityTooLarge || w.Header().Get("Connection") != "close" || body.reads != reads {
			t.Errorf("Expect %q: %d, Connection: %s, %d reads", expect, w.Code, w.Header().Get("Connection"), body.reads)
		}
		if tr := h.last(t); tr.Code != trace.LimitBody {
			t.Errorf("Expect %q: %s", expect, tr.Line())
		}
	}
}

// broken is a body that ends too early.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
func (broken) Close() error               { return nil }

func TestBody(t *testing.T) {
	t.Parallel()
	const most = 10 << 20
	body := func(n int) io.ReadCloser { return io.NopCloser(bytes.NewReader(make([]byte, n))) }
	tests := []struct {
		name       string
		body       io.ReadCloser
		length     int64 // -1: chunked
		status     int
		code       trace.Code
		connection string
	}{
		{name: "none", status: 200, code: trace.IntegrationOK, connection: "keep-alive"},
		{name: "empty", body: body(0), length: -1, status: 200, code: trace.IntegrationOK, connection: "keep-alive"},
		{name: "some", body: body(10), length: 10, status: 200, code: trace.IntegrationOK, connection: "keep-alive"},
		{name: "as much as API Gateway takes, too much for Lambda", body: body(most), length: most, status: 413, code: trace.LimitBody, connection: "keep-alive"},
		{name: "chunks that are too large", body: body(most + 1), length: -1, status: 413, code: trace.LimitBody},
		{name: "broken off", body: broken{io.ErrUnexpectedEOF}, length: 10, status: 400, code: trace.ClientGone},
		{name: "limited by the server", body: broken{&http.MaxBytesError{Limit: 1}}, length: -1, status: 400, code: trace.LimitBody},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(nil).deploy(t, api(nil))
			r := request(t, http.MethodPost, "/dev/pets")
			r.Body, r.ContentLength = tt.body, tt.length
			w := h.send(r)
			if tr := h.last(t); w.Code != tt.status || tr.Code != tt.code {
				t.Errorf("%d %s: %s", w.Code, w.Body, tr.Line())
			}
			if got := w.Header().Get("Connection"); tt.connection != "" && got != tt.connection {
				t.Errorf("Connection: %s, want %s", got, tt.connection)
			}
		})
	}
}

// Under load, with deployments and flushes in between, nobody gets what is another's.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	h := newHarness(nil).deploy(t, api(nil))
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 50 {
				token := fmt.Sprintf("token-%d-%d", worker, i%5)
				if got := eventOf(t, h.get(t, "/dev/guarded", "Authorization", token)).RequestContext.Authorizer["principalId"]; got != token {
					t.Errorf("%s is %v", token, got)
				}
				switch {
				case worker == 0 && i%10 == 0:
					h.Flush()
				case worker == 1 && i%10 == 0:
					if err := h.Deploy(api(nil)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
}
