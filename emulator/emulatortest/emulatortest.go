// Package emulatortest runs an emulator inside a test, without a network: requests go straight to the gateway, and the test
// sees each response together with its trace.
//
// It works inside testing/synctest, where timeouts pass in no time. There is one exception: an identityValidationExpression
// with look-around or a back reference runs under a time limit, whose clock outlives a bubble.
package emulatortest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

// host is what requests are sent to: no name is ever looked up.
const host = "http://gatewayd.test"

// Gateway is an emulator that a test runs.
type Gateway struct {
	*emulator.Emulator

	// Client sends requests to the emulator, whatever host they name, and to nothing else.
	Client *http.Client

	t      testing.TB
	mu     sync.Mutex
	traces []trace.Trace // of failed tests
}

// Run starts an emulator. The test fails at once when the routes have problems. When it fails later, it prints the traces of
// its requests. At its end it waits until no in-process function runs any more, and fails when one does not return.
func Run(t testing.TB, source emulator.Source, functions emulator.Functions, options *emulator.Options) *Gateway {
	t.Helper()
	if options == nil {
		options = &emulator.Options{}
	}
	g := &Gateway{t: t}
	chained := *options
	chained.OnTrace = func(tr trace.Trace) {
		g.mu.Lock()
		g.traces = append(g.traces, tr)
		g.mu.Unlock()
		if options.OnTrace != nil {
			options.OnTrace(tr)
		}
	}
	var err error
	if g.Emulator, err = emulator.New(source, functions, &chained); err != nil {
		t.Fatalf("the routes cannot be served:\n%v", err)
	}
	g.Client = &http.Client{
		Transport:     transport{g},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(g.finish)
	return g
}

// finish ends a test.
func (g *Gateway) finish() {
	// Longer than the longest of API Gateway's timeouts, after which a function has long been canceled.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := errors.Join(g.Wait(ctx), g.Close(ctx)); err != nil {
		g.t.Error(err)
	}
	if !g.t.Failed() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, tr := range g.traces {
		g.t.Log(tr.Line())
	}
}

// Response is an answer with its account.
type Response struct {
	Status int
	Header http.Header
	Body   string
	Trace  trace.Trace
}

// String is the status and the body.
func (r Response) String() string { return fmt.Sprintf("%d %s", r.Status, r.Body) }

// Get requests a path, which begins with the stage. Headers are given as name, value, name, value.
func (g *Gateway) Get(path string, headers ...string) Response {
	g.t.Helper()
	return g.Do(http.MethodGet, path, "", headers...)
}

// Do sends a request with a body.
func (g *Gateway) Do(method, path, body string, headers ...string) Response {
	g.t.Helper()
	if len(headers)%2 != 0 {
		g.t.Fatalf("headers come in pairs of name and value: %q", headers)
	}
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(g.t.Context(), method, host, reader)
	if err != nil {
		g.t.Fatal(err)
	}
	request.RequestURI = path
	for i := 0; i < len(headers); i += 2 {
		request.Header[headers[i]] = append(request.Header[headers[i]], headers[i+1])
	}
	response, err := g.serve(request)
	if err != nil {
		g.t.Fatal(err)
	}
	defer response.Body.Close()
	tr, ok := g.Trace(response.Header.Get("X-Amzn-Requestid"))
	if !ok {
		g.t.Fatalf("%s %s left no trace", method, path)
	}
	return Response{Status: response.StatusCode, Header: response.Header, Body: bodyOf(response), Trace: tr}
}

func bodyOf(response *http.Response) string {
	// The body is in memory: reading it cannot fail.
	text, _ := io.ReadAll(response.Body)
	return string(text)
}

// transport hands a client's requests to the gateway.
type transport struct{ gateway *Gateway }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	served := r.Clone(r.Context())
	served.RequestURI = r.URL.RequestURI()
	if served.Host == "" {
		served.Host = r.URL.Host
	}
	return t.gateway.serve(served)
}

var errServe = errors.New("the gateway ended without an answer")

// serve answers a request on a goroutine of its own, as a server would, and gives up when the request's context ends.
func (g *Gateway) serve(r *http.Request) (*http.Response, error) {
	r.RemoteAddr = "127.0.0.1:1024"
	if r.Body == nil {
		r.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	done := make(chan error, 1)
	go func() {
		err := errServe
		defer func() {
			if fault := recover(); fault != nil {
				err = fmt.Errorf("the gateway panicked: %v", fault)
			}
			done <- err
		}()
		g.ServeHTTP(recorder, r)
		err = nil
	}()
	select {
	case err := <-done:
		if err != nil {
			return nil, err
		}
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	response := recorder.Result()
	canonical := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(response.Header)) {
		for _, value := range response.Header[name] {
			canonical.Add(name, value) // as an HTTP client reads them
		}
	}
	response.Header, response.Request = canonical, r
	return response, nil
}
