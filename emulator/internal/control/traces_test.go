package control_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/trace"
)

func TestTraces(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, query string
		filter      *control.TraceFilter // nil: refused
		want        string               // in the answer
	}{
		{name: "all", filter: &control.TraceFilter{Limit: 100}, want: `"requestId": "id-1"`},
		{
			name: "everything", query: "?limit=5&status=403&route=GET%20/pets/%7BpetId%7D&code=policy.implicit_deny",
			filter: &control.TraceFilter{Limit: 5, Status: 403, Route: "GET /pets/{petId}", Code: trace.PolicyImplicitDeny},
		},
		{name: "a class", query: "?status=4xx&code=policy", filter: &control.TraceFilter{Limit: 100, Status: 4, Code: "policy"}},
		{name: "empty parameters", query: "?limit=&status=&route=&code=", filter: &control.TraceFilter{Limit: 100}},
		{name: "no traces at all", query: "?limit=0", want: `limit \"0\" is no number from 1 to 1000`},
		{name: "more than are kept", query: "?limit=1001", want: `limit \"1001\" is no number`},
		{name: "no number", query: "?limit=x", want: `limit \"x\" is no number`},
		{name: "no status", query: "?status=ok", want: `status \"ok\" is no status`},
		{name: "a parameter with a typing error", query: "?stauts=403", want: `unknown query parameter \"stauts\"; there are limit, status, route, code`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got *control.TraceFilter
			options := (&fake{}).options()
			options.Traces = func(f control.TraceFilter) []trace.Trace {
				got = &f
				return []trace.Trace{{RequestID: "id-1"}}
			}
			w := send(t, options, http.MethodGet, "/_gatewayd/traces"+tt.query, nil)
			status := http.StatusOK
			if tt.filter == nil {
				status = http.StatusBadRequest
			}
			if w.Code != status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("status %d, want %d with %s: %s", w.Code, status, tt.want, w.Body)
			}
			if diff := cmp.Diff(tt.filter, got); diff != "" {
				t.Errorf("filter (-want +got):\n%s", diff)
			}
		})
	}
}

// A trace is there for programs, for a person and in AWS's words.
func TestTraceFormats(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, query string
		status      int
		contentType string
		want        string // a part
	}{
		{name: "for programs", status: 200, contentType: "application/json", want: `"code": "identity.missing"`},
		{name: "said", query: "?format=json", status: 200, contentType: "application/json", want: `"gatewayResponse": "UNAUTHORIZED"`},
		{name: "for a person", query: "?format=text", status: 200, contentType: "text/plain; charset=utf-8", want: "GET /dev/pets  401 identity.missing\n"},
		{name: "in AWS's words", query: "?format=log", status: 200, contentType: "text/plain; charset=utf-8", want: "Gateway response type: UNAUTHORIZED with status code: 401\n"},
		{name: "unknown", query: "?format=xml", status: 400, contentType: "application/json", want: `format \"xml\" is none of json, text and log`},
	}
	options := (&fake{}).options()
	options.Trace = func(id string) (trace.Trace, bool) {
		return trace.Trace{
			RequestID: id, Method: "GET", Path: "/dev/pets", Status: 401, Code: trace.IdentityMissing, GatewayResponse: "UNAUTHORIZED",
		}, true
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := send(t, options, http.MethodGet, "/_gatewayd/traces/id-1"+tt.query, nil)
			if w.Code != tt.status || w.Header().Get("Content-Type") != tt.contentType || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("%d %s:\n%s", w.Code, w.Header().Get("Content-Type"), w.Body)
			}
		})
	}
}

func TestTraceFilter(t *testing.T) {
	t.Parallel()
	denied := trace.Trace{Status: 403, Code: trace.PolicyImplicitDeny, Route: "GET /pets"}
	tests := []struct {
		name   string
		filter control.TraceFilter
		want   bool
	}{
		{name: "no filter", want: true},
		{name: "the status", filter: control.TraceFilter{Status: 403}, want: true},
		{name: "another status", filter: control.TraceFilter{Status: 401}},
		{name: "the class", filter: control.TraceFilter{Status: 4}, want: true},
		{name: "another class", filter: control.TraceFilter{Status: 5}},
		{name: "the route", filter: control.TraceFilter{Route: "GET /pets"}, want: true},
		{name: "a part of the route", filter: control.TraceFilter{Route: "GET /pet"}},
		{name: "the code", filter: control.TraceFilter{Code: trace.PolicyImplicitDeny}, want: true},
		{name: "what the code begins with", filter: control.TraceFilter{Code: "policy"}, want: true},
		{name: "half a word", filter: control.TraceFilter{Code: "pol"}},
		{name: "all but one", filter: control.TraceFilter{Status: 403, Route: "GET /pets", Code: trace.PolicyAllow}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.filter.Selects(&denied); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

// following yields traces as it is told of them, each after a number of lost ones.
func following(traces <-chan trace.Trace, lost int) func(context.Context) iter.Seq2[trace.Trace, int] {
	return func(ctx context.Context) iter.Seq2[trace.Trace, int] {
		return func(yield func(trace.Trace, int) bool) {
			for {
				select {
				case found := <-traces:
					if !yield(found, lost) {
						return
					}
				case <-ctx.Done():
					return
				}
			}
		}
	}
}

func TestTraceStream(t *testing.T) {
	t.Parallel()
	traces, stopped := make(chan trace.Trace), make(chan struct{})
	options := (&fake{}).options()
	options.FollowTraces, options.Stopped = following(traces, 2), stopped
	server := httptest.NewServer(control.New(options))
	defer server.Close()
	response, err := http.Get(server.URL + "/_gatewayd/traces/stream?status=200") //nolint:noctx // the test ends the stream
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type %q", got)
	}
	traces <- trace.Trace{RequestID: "id-1", Status: 403}
	traces <- trace.Trace{RequestID: "id-2", Status: 200}
	var got []string
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		line := lines.Text()
		got = append(got, line)
		if strings.HasPrefix(line, "data: {\"requestId") {
			close(stopped) // and the body ends
		}
	}
	if err := lines.Err(); err != nil {
		t.Error(err)
	}
	text, err := json.Marshal(trace.Trace{RequestID: "id-2", Status: 200})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		": traces follow", "", "event: dropped", `data: {"dropped":2}`, "", "event: dropped", `data: {"dropped":2}`, "", "id: id-2", "data: " + string(text), "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stream (-want +got):\n%s", diff)
	}
	if w := send(t, options, http.MethodGet, "/_gatewayd/traces/stream?limit=1", nil); w.Code != http.StatusBadRequest {
		t.Errorf("a limit: status %d", w.Code)
	}
}

// A reader that has stopped reading cannot keep the listener from ending.
func TestTraceStreamEndsUnread(t *testing.T) {
	t.Parallel()
	stopped := make(chan struct{})
	sent := make(chan struct{}, 1)
	options := (&fake{}).options()
	options.Stopped = stopped
	options.FollowTraces = func(context.Context) iter.Seq2[trace.Trace, int] {
		return func(yield func(trace.Trace, int) bool) {
			large := trace.Trace{Reason: strings.Repeat("x", 1<<20)}
			for yield(large, 0) {
				select {
				case sent <- struct{}{}:
				default:
				}
			}
		}
	}
	server := &http.Server{Handler: control.New(options), ReadHeaderTimeout: time.Minute}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed below
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	client, err := net.Dial("tcp", listener.Addr().String()) //nolint:noctx // it is closed below
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if _, err := client.Write([]byte("GET /_gatewayd/traces/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-sent // megabytes are on their way, of which nobody takes any
	close(stopped)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		t.Errorf("the stream goes on: %v", err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}
