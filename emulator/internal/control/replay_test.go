package control_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/trace"
)

func TestReplay(t *testing.T) {
	t.Parallel()
	type call struct {
		ID      string
		Changes control.Replay
	}
	empty := func() control.Replay {
		return control.Replay{Query: map[string][]string{}, Headers: map[string][]string{}}
	}
	tests := []struct {
		name, id, body string
		err            error
		call           *call // nil: refused before
		status         int
		want           string
	}{
		{
			name: "as it was", id: "id-1", body: `{}`, call: &call{"id-1", empty()},
			status: 200, want: `"replayOf": "id-1"`,
		},
		{
			name: "with changes", id: "id-1",
			body: `{"method":"POST","path":"/dev/a","query":{"a":["1","2"],"b":null},"headers":{"X-A":"1","X-B":null},"body":""}`,
			call: &call{"id-1", control.Replay{
				Method: "POST", Path: "/dev/a", Query: map[string][]string{"a": {"1", "2"}, "b": nil},
				Headers: map[string][]string{"X-A": {"1"}, "X-B": nil}, Body: new(""),
			}},
			status: 200, want: `"replayOf": "id-1"`,
		},
		{
			name: "of nothing", id: "id-2", body: `{}`, err: &control.RequestError{Status: http.StatusNotFound, Reason: "no trace"},
			call: &call{"id-2", empty()}, status: 404, want: "no trace",
		},
		{name: "of an id that is encoded", id: "%69d-1", body: `{}`, call: &call{"id-1", empty()}, status: 200, want: `"replayOf": "id-1"`},
		{name: "an unknown change", id: "id-1", body: `{"url":"/"}`, status: 400, want: "unknown field"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var called *call
			options := (&fake{}).options()
			options.Replay = func(_ context.Context, id string, changes control.Replay) (trace.Trace, error) {
				called = &call{id, changes}
				return trace.Trace{ReplayOf: id}, tt.err
			}
			w := post(t, options, "/_gatewayd/traces/"+tt.id+"/replay", tt.body, nil)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("status %d, want %d with %s: %s", w.Code, tt.status, tt.want, w.Body)
			}
			if diff := cmp.Diff(tt.call, called); diff != "" {
				t.Errorf("call (-want +got):\n%s", diff)
			}
		})
	}
}

// What is changed is changed, and all else is as it was sent, to the byte.
func TestReplayApply(t *testing.T) {
	t.Parallel()
	type request struct {
		Method, Target, Host, Body string
		Header                     http.Header
		Names                      []string
	}
	sent := func() *trace.Request {
		r := &trace.Request{
			Method: "PUT", Target: "/dev//a%2fb?x=1&y=%7e&x=2&&z", Host: "api.test", SourceIP: "192.0.2.1",
			Header: http.Header{"Authorization": {"Bearer secret"}, "X-A": {"1", "2"}}, Names: []string{"authorization", "x-a", "x-a"},
		}
		r.KeepBody([]byte("body"))
		return r
	}
	as := func(change func(*request)) request {
		r := request{
			"PUT", "/dev//a%2fb?x=1&y=%7e&x=2&&z", "api.test", "body",
			http.Header{"Authorization": {"Bearer secret"}, "X-A": {"1", "2"}},
			[]string{"authorization", "x-a", "x-a"},
		}
		change(&r)
		return r
	}
	tests := []struct {
		name    string
		changes control.Replay
		want    request
		refusal string
	}{
		{name: "nothing", want: as(func(*request) {})},
		{name: "method", changes: control.Replay{Method: "DELETE"}, want: as(func(r *request) { r.Method = "DELETE" })},
		{name: "path", changes: control.Replay{Path: "/dev/c"}, want: as(func(r *request) { r.Target = "/dev/c?x=1&y=%7e&x=2&&z" })},
		{
			name: "a parameter", changes: control.Replay{Query: map[string][]string{"x": {"a b", "&"}}},
			want: as(func(r *request) { r.Target = "/dev//a%2fb?y=%7e&z&x=a+b&x=%26" }),
		},
		{
			name: "no parameters", changes: control.Replay{Query: map[string][]string{"x": nil, "y": nil, "z": nil}},
			want: as(func(r *request) { r.Target = "/dev//a%2fb" }),
		},
		{
			name: "headers", changes: control.Replay{Headers: map[string][]string{"X-a": {"3"}, "x-New": {""}}},
			want: as(func(r *request) {
				r.Header = http.Header{"Authorization": {"Bearer secret"}, "X-A": {"3"}, "X-New": {""}}
				r.Names = []string{"authorization", "x-a", "x-a", "X-a", "x-New"}
			}),
		},
		{
			name: "no header", changes: control.Replay{Headers: map[string][]string{"AUTHORIZATION": nil, "host": {"other.test"}}},
			want: as(func(r *request) { r.Header, r.Host = http.Header{"X-A": {"1", "2"}}, "other.test" }),
		},
		{name: "body", changes: control.Replay{Body: new("")}, want: as(func(r *request) { r.Body = "" })},
		{name: "a method that cannot be", changes: control.Replay{Method: "GET /"}, refusal: `method "GET /" cannot be sent`},
		{name: "a path that is none", changes: control.Replay{Path: "dev"}, refusal: `path "dev" must begin with /`},
		{name: "a path with a query", changes: control.Replay{Path: "/dev?a"}, refusal: "must begin with / and have no query"},
		{name: "a path that cannot be", changes: control.Replay{Path: "/%zz"}, refusal: "cannot be sent"},
		{name: "a header that splits", changes: control.Replay{Headers: map[string][]string{"X": {"a\r\nY: b"}}}, refusal: `header "X" cannot be sent`},
		{name: "a name that is none", changes: control.Replay{Headers: map[string][]string{"X Y": {"a"}}}, refusal: `header "X Y" cannot be sent`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			was := sent()
			changed, body, err := tt.changes.Apply(was)
			if tt.refusal != "" {
				if err == nil || !strings.Contains(err.Error(), tt.refusal) {
					t.Errorf("error %v, want %s", err, tt.refusal)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := request{changed.Method, changed.Target, changed.Host, string(body), changed.Header, changed.Names}
			if diff := cmp.Diff(tt.want, got); diff != "" || changed.SourceIP != "192.0.2.1" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(sent().Header, was.Header); diff != "" {
				t.Errorf("the kept request was changed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReplayOfALongBody(t *testing.T) {
	t.Parallel()
	was := &trace.Request{Method: "POST", Target: "/"}
	was.KeepBody(make([]byte, 65_537))
	if _, _, err := (&control.Replay{}).Apply(was); err == nil || !strings.Contains(err.Error(), "65537 bytes") {
		t.Errorf("error %v", err)
	}
	if _, body, err := (&control.Replay{Body: new("short")}).Apply(was); err != nil || string(body) != "short" {
		t.Errorf("body %q, error %v", body, err)
	}
}

// The console is where it is, and what the API has is not shadowed by it.
func TestConsole(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path, host string
		without            bool
		status             int
	}{
		{method: "GET", path: "/", status: 200},
		{method: "HEAD", path: "/", status: 200},
		{method: "GET", path: "/console/app.js", status: 200},
		{method: "POST", path: "/", status: 405},
		{method: "GET", path: "/other", status: 404},
		{method: "GET", path: "/", host: "rebound.example", status: 421},
		{method: "GET", path: "/", without: true, status: 404},
	}
	for _, tt := range tests {
		options := (&fake{}).options()
		if !tt.without {
			options.Console = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
		}
		w := send(t, options, tt.method, tt.path, func(r *http.Request) {
			if tt.host != "" {
				r.Host = tt.host
			}
		})
		if w.Code != tt.status {
			t.Errorf("%s %s at %q: %d, want %d", tt.method, tt.path, tt.host, w.Code, tt.status)
		}
	}
}
