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
	"time"

	"gatewayd/emulator/trace"
)

// host is what requests are sent to: no name is ever looked up.
const host = "http://gatewayd.test"

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
	var reader io.Reader = http.NoBody
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
	return Response{Status: response.StatusCode, Header: response.Header, Body: bodyOf(response), Trace: g.TraceOf(response)}
}

func bodyOf(response *http.Response) string {
	// The body is in memory: reading it cannot fail.
	text, _ := io.ReadAll(response.Body)
	return string(text)
}

// patience is how long a trace may take to come after its response, over a network.
const patience = 10 * time.Second

// TraceOf is the account of a response, however it was had: from [Gateway.Client], or from another client of [Gateway.URL].
// The test fails at once when there is none, because a thousand requests were newer.
func (g *Gateway) TraceOf(response *http.Response) trace.Trace {
	g.t.Helper()
	id := response.Header.Get("X-Amzn-Requestid")
	ctx, cancel := context.WithTimeout(g.t.Context(), patience)
	defer cancel()
	followed := g.FollowTraces(ctx)
	if tr, ok := g.Trace(id); ok {
		return tr
	}
	for tr := range followed { // over a network, a response comes before its trace
		if tr.RequestID == id {
			return tr
		}
	}
	g.t.Fatalf("the response %d with the request id %q left no trace", response.StatusCode, id)
	return trace.Trace{}
}

// transport hands a client's requests to the gateway.
type transport struct{ gateway *Gateway }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.gateway.serve(asServed(r))
}

// asServed is a client's request as a server has it.
func asServed(r *http.Request) *http.Request {
	served := r.Clone(r.Context())
	served.RequestURI = r.URL.RequestURI()
	if served.Host == "" {
		served.Host = r.URL.Host
	}
	if served.Body == nil {
		served.Body = http.NoBody
	}
	return served
}

var errServe = errors.New("the gateway ended without an answer")

// serve answers a request on a goroutine of its own, as a server would, and gives up when the request's context ends.
func (g *Gateway) serve(r *http.Request) (*http.Response, error) {
	r.RemoteAddr = "127.0.0.1:1024"
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
