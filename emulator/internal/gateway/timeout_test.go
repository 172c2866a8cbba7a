package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/gateway"
	"gatewayd/emulator/trace"
)

// pipes is a listener without a network.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p <- server
	return client, nil
}

// unwrapping is a writer of a middleware that http.ResponseController sees through.
type unwrapping struct{ http.ResponseWriter }

func (u unwrapping) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// reply is an answer and when it came.
type reply struct {
	status int
	body   string
	closed bool // the connection, says the answer
	took   time.Duration
}

// protocol is a way to send a request to the gateway.
type protocol struct {
	name string
	get  func(t testing.TB, h *harness, path string) reply
}

// timed sends a request for a path by what sends it.
func timed(t testing.TB, path string, send func(*http.Request) (*http.Response, error)) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://gatewayd.test"+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	response, err := send(r)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, string(body), response.Close, took}
}

func protocols() []protocol {
	overPipe := func(version func(*http.Protocols), wrap func(http.Handler) http.Handler) func(testing.TB, *harness, string) reply {
		return func(t testing.TB, h *harness, path string) reply {
			t.Helper()
			var spoken http.Protocols
			version(&spoken)
			listener := make(pipes)
			server := &http.Server{Handler: wrap(h.Gateway), Protocols: &spoken, ReadHeaderTimeout: time.Minute}
			go server.Serve(listener) //nolint:errcheck // it ends with the listener
			transport := &http.Transport{DialContext: listener.dial, Protocols: &spoken}
			t.Cleanup(func() {
				transport.CloseIdleConnections()
				close(listener)
				server.Close() //nolint:errcheck // nothing is left to lose
			})
			return timed(t, path, transport.RoundTrip)
		}
	}
	http1 := func(p *http.Protocols) { p.SetHTTP1(true) }
	http2 := func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }
	wrapped := func(wrap func(http.ResponseWriter) http.ResponseWriter) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(wrap(w), r) })
		}
	}
	return []protocol{
		{"HTTP/1.1", overPipe(http1, wrapped(func(w http.ResponseWriter) http.ResponseWriter { return w }))},
		{"HTTP/1.1 behind middleware", overPipe(http1, wrapped(func(w http.ResponseWriter) http.ResponseWriter { return unwrapping{w} }))},
		{"HTTP/1.1 behind middleware that cannot flush", overPipe(http1, wrapped(func(w http.ResponseWriter) http.ResponseWriter {
			return struct{ http.ResponseWriter }{w}
		}))},
		{"HTTP/2", overPipe(http2, wrapped(func(w http.ResponseWriter) http.ResponseWriter { return w }))},
		{"no network", func(t testing.TB, h *harness, path string) reply {
			t.Helper()
			return timed(t, path, func(r *http.Request) (*http.Response, error) { return h.send(r).Result(), nil })
		}},
	}
}

// slow answers after a time, whatever its ctx says.
func slow(after time.Duration) func(*gateway.Options) {
	return func(o *gateway.Options) {
		o.Handlers["slow"] = function.Func(func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			time.Sleep(after)
			return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: "slow"}, nil
		})
	}
}

const limit = 29 * time.Second

func slowAPI(timeout time.Duration) *apigw.API {
	return api(func(a *apigw.API) {
		a.Functions = []apigw.Function{{Name: "slow", Handler: "slow", Timeout: timeout}}
		a.Routes[1].Function = "slow"
		a.IntegrationTimeout = limit
	})
}

// However a client came, it has its 504 at the limit, although the function goes on; and one that ends with its limit has
// exceeded it, each time (rest-gateway 3.2).
func TestTimeoutOfAFunctionInProcess(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		after   time.Duration // when the function answers
		timeout time.Duration // of the function's own
		status  int
		body    string
		took    time.Duration
		code    trace.Code
	}{
		{name: "in time", after: limit - 1, status: 200, body: "slow", took: limit - 1, code: trace.IntegrationOK},
		{name: "at the limit", after: limit, status: 504, body: `{"message": "Endpoint request timed out"}`, took: limit, code: trace.IntegrationTimeout},
		{name: "late", after: time.Hour, status: 504, body: `{"message": "Endpoint request timed out"}`, took: limit, code: trace.IntegrationTimeout},
		{name: "later than its own limit", after: time.Hour, timeout: time.Second, status: 502, body: `{"message": "Internal server error"}`, took: time.Second, code: trace.IntegrationError},
		{name: "at its own limit", after: time.Second, timeout: time.Second, status: 502, body: `{"message": "Internal server error"}`, took: time.Second, code: trace.IntegrationError},
	}
	for _, p := range protocols() {
		for _, tt := range tests {
			t.Run(p.name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				for range 20 {
					synctest.Test(t, func(t *testing.T) {
						h := newHarness(slow(tt.after)).deploy(t, slowAPI(tt.timeout))
						got := p.get(t, h, "/dev/a")
						if got.status != tt.status || got.body != tt.body || got.took != tt.took {
							t.Errorf("%d %s after %v", got.status, got.body, got.took)
						}
						// At the limit the function may have ended or not; the answer is the same.
						tied, lost := tt.after == tt.took && tt.status != http.StatusOK, tt.after > tt.took
						if p.name == "HTTP/1.1" && got.closed != lost && !tied {
							t.Errorf("the connection is closed: %t, want %t", got.closed, lost)
						}
						if running := len(h.options.Tracker.Running()); (running > 0) != lost && !tied {
							t.Errorf("%d functions run", running)
						}
						if err := h.options.Tracker.Wait(t.Context()); err != nil {
							t.Error(err)
						}
						synctest.Wait()
						h.mu.Lock()
						defer h.mu.Unlock()
						if len(h.traces) != 1 || h.traces[0].Code != tt.code || h.traces[0].Status != tt.status {
							t.Errorf("%d traces, the first: %s", len(h.traces), h.traces[0].Line())
						}
					})
				}
			})
		}
	}
}

// An authorizer has its time, too, however a client came (rest-authorizer 6.8, reported).
func TestTimeoutOfAnAuthorizer(t *testing.T) {
	t.Parallel()
	const least, most = 10 * time.Second, 30 * time.Second
	tests := []struct {
		name    string
		after   time.Duration // when the authorizer answers
		timeout time.Duration // of the function's own
		status  int
		took    time.Duration
		code    trace.Code
	}{
		{name: "in time", after: most - 1, status: 200, took: most - 1, code: trace.IntegrationOK},
		{name: "late", after: time.Hour, status: 500, took: most, code: trace.AuthorizerTimeout},
		{name: "later than its own limit", after: time.Hour, timeout: least, status: 500, took: least, code: trace.AuthorizerTimeout},
	}
	for _, p := range protocols() {
		for _, tt := range tests {
			t.Run(p.name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					h := newHarness(func(o *gateway.Options) {
						o.Handlers["jwt"] = function.Func(func(context.Context, events.APIGatewayCustomAuthorizerRequestTypeRequest) (json.RawMessage, error) {
							time.Sleep(tt.after) // whatever its ctx says
							return json.RawMessage(everything), nil
						})
					}).deploy(t, api(func(a *apigw.API) {
						a.Functions = []apigw.Function{{Name: "jwt", Handler: "jwt", Timeout: tt.timeout}}
						a.Authorizers[0].Type, a.Authorizers[0].ResultTTL = apigw.RequestAuthorizer, 0
					}))
					if got := p.get(t, h, "/dev/guarded"); got.status != tt.status || got.took != tt.took {
						t.Errorf("%d %s after %v", got.status, got.body, got.took)
					}
					if err := h.options.Tracker.Wait(t.Context()); err != nil {
						t.Error(err)
					}
					synctest.Wait()
					if tr := h.last(t); tr.Code != tt.code || tr.Status != tt.status {
						t.Errorf("the trace is %s", tr.Line())
					}
				})
			})
		}
	}
}

// A function that never returns is counted, and harms nobody else.
func TestFunctionThatNeverReturns(t *testing.T) {
	t.Parallel()
	for _, p := range protocols() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				forever := make(chan struct{})
				h := newHarness(func(o *gateway.Options) {
					o.Handlers["slow"] = function.Func(func(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
						if e.Path == "/forever" {
							<-forever
						}
						return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: "other"}, nil
					})
				}).deploy(t, slowAPI(0))
				if got := p.get(t, h, "/dev/forever"); got.status != http.StatusGatewayTimeout || got.took != limit {
					t.Errorf("%d after %v", got.status, got.took)
				}
				if got := p.get(t, h, "/dev/other"); got.status != http.StatusOK || got.body != "other" || got.took != 0 {
					t.Errorf("the next request: %d %s after %v", got.status, got.body, got.took)
				}
				if running := h.options.Tracker.Running(); len(running) != 1 || running[0].Name != "slow" {
					t.Errorf("running are %+v", running)
				}
				close(forever)
				if err := h.options.Tracker.Wait(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A function that ends its goroutine, as t.FailNow does, or panics, has an answer all the same.
func TestFunctionThatEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	ends := map[string]func(){"Goexit": runtime.Goexit, "panic": func() { panic("no pets") }}
	for _, p := range protocols() {
		for name, end := range ends {
			t.Run(p.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					h := newHarness(func(o *gateway.Options) {
						o.Handlers["slow"] = function.Func(func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
							end()
							return events.APIGatewayProxyResponse{}, nil
						})
					}).deploy(t, slowAPI(0))
					if got := p.get(t, h, "/dev/a"); got.status != http.StatusBadGateway || got.body != `{"message": "Internal server error"}` {
						t.Errorf("%d %s", got.status, got.body)
					}
					if tr := h.last(t); tr.Code != trace.IntegrationError {
						t.Errorf("the trace is %s", tr.Line())
					}
				})
			})
		}
	}
}

// The client of a 504 can send its next request on the same connection, but is told not to: the goroutine that would read it
// is with the function.
func TestConnectionAfterTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(slow(time.Hour)).deploy(t, slowAPI(0))
		client, served := net.Pipe()
		listener := make(pipes, 1)
		listener <- served
		server := &http.Server{Handler: h.Gateway, ReadHeaderTimeout: time.Minute}
		go server.Serve(listener) //nolint:errcheck // it ends with the listener
		go fmt.Fprint(client, "GET /dev/a HTTP/1.1\r\nHost: gatewayd.test\r\n\r\n")
		response, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.ContentLength != int64(len(body)) || !strings.Contains(string(body), "timed out") || !response.Close {
			t.Errorf("%+v %s, %v", response.Header, body, err)
		}
		if err := h.options.Tracker.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		// Only now net/http closes.
		if _, err := client.Read(make([]byte, 1)); err != io.EOF { //nolint:errorlint // a pipe's end is that
			t.Errorf("the connection is open: %v", err)
		}
		close(listener)
		server.Close() //nolint:errcheck // nothing is left to lose
	})
}
