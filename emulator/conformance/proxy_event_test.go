package conformance_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
)

func TestProxyEvent(t *testing.T) {
	t.Parallel()
	runCases(t, "gateway/event")
}

// raw is a function made of bytes: it keeps the newest event and answers what answer returns.
type raw struct {
	answer func(ctx context.Context, event []byte) ([]byte, error)

	mu     sync.Mutex
	newest []byte
}

// answering always gives the same answer.
func answering(text string) *raw {
	return &raw{answer: func(context.Context, []byte) ([]byte, error) { return []byte(text), nil }}
}

func (r *raw) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	r.mu.Lock()
	r.newest = event
	r.mu.Unlock()
	return r.answer(ctx, event)
}

// event is the newest event.
func (r *raw) event() any {
	r.mu.Lock()
	defer r.mu.Unlock()
	return decodeJSON(r.newest)
}

// TestGoldenEvent compares a whole event with a recorded one.
func TestGoldenEvent(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/gateway/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Source, Confidence string
		Event              any
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		backend := answering(`{}`)
		gateway := emulatortest.Run(t, emulator.Routes(`
api: { id: 5h7pqvr9u4, stage: live, region: us-west-2, accountId: "910345601053" }
routes: { "POST /{proxy+}": backend }
`), emulator.Functions{"backend": backend}, nil)
		gateway.FastForward(time.Until(time.UnixMilli(1783711144836)))

		const target = "/live/capture/space%20value?empty=&encodedPlus=a%2Bb&literalPlus=a+b" +
			"&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb&repeat=one&repeat=two"
		request := httptest.NewRequestWithContext(t.Context(), "POST", target,
			strings.NewReader(`{"message":"hello from the public internet","unicode":"lambda-λ"}`))
		request.Proto, request.ProtoMajor, request.ProtoMinor = "HTTP/2.0", 2, 0
		request.Host, request.RemoteAddr = "5h7pqvr9u4.execute-api.us-west-2.amazonaws.com", "68.8.83.18:50123"
		request.Header = map[string][]string{ // as HTTP/2 spells them
			"accept": {"*/*"}, "content-type": {"application/json"}, "cookie": {"session=abc123; theme=dark"},
			"user-agent": {"curl/8.7.1"}, "x-amzn-trace-id": {"Root=1-6a5145a8-536f3e792f6be9b44c1f46fa"}, "x-voker-probe": {"first", "second"},
		}
		gateway.ServeHTTP(httptest.NewRecorder(), request)
		if diff := cmp.Diff(golden.Event, likened(golden.Event, backend.event())); diff != "" {
			t.Errorf("event (-want +got):\n%s\nsource: %s (%s)", diff, golden.Source, golden.Confidence)
		}
	})
}

// likened replaces text that matches a pattern, which begins with ^, by the pattern.
func likened(want, got any) any {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return got
		}
		out := map[string]any{}
		for key, value := range g {
			out[key] = likened(w[key], value)
		}
		return out
	case string:
		if g, ok := got.(string); ok && strings.HasPrefix(w, "^") && regexp.MustCompile(w).MatchString(g) {
			return w
		}
	}
	return got
}

// TestIdentifiers holds rest-gateway 2.6: what a request is called in the event, the response and the trace.
func TestIdentifiers(t *testing.T) {
	t.Parallel()
	const sent = "9f0b4a5e-3c1d-4e2f-8a6b-7c8d9e0f1a2b"
	tests := []struct {
		name    string
		headers []string
		want    string // "": a new one
	}{
		{name: "new"},
		{name: "a client's UUID", headers: []string{"x-amzn-RequestId", sent}, want: sent},
		{name: "in another spelling", headers: []string{"X-Amzn-Requestid", sent}, want: sent},
		{name: "not a UUID", headers: []string{"x-amzn-RequestId", "mine"}},
		{name: "nearly a UUID", headers: []string{"x-amzn-RequestId", sent + "0"}},
		{name: "a UUID in braces", headers: []string{"x-amzn-RequestId", "{" + sent + "}"}},
		{name: "a UUID without hyphens", headers: []string{"x-amzn-RequestId", strings.ReplaceAll(sent, "-", "")}},
		{name: "a UUID and a line of its own", headers: []string{"x-amzn-RequestId", sent + "\r\nX-Evil: 1"}},
	}
	backend := answering(`{}`)
	gateway := emulatortest.Run(t, emulator.Routes(`{api: {stage: dev}, routes: {GET /a: backend}}`), emulator.Functions{"backend": backend}, nil)
	seen := map[string]bool{}
	for _, test := range tests {
		got := gateway.Get("/dev/a", test.headers...)
		id, extended := got.Header.Get("x-amzn-RequestId"), got.Header.Get("x-amz-apigw-id")
		if test.want != "" && id != test.want || test.want == "" && (seen[id] || id == sent || !uuidPattern.MatchString(id)) {
			t.Errorf("%s: x-amzn-RequestId is %q, want %q", test.name, id, test.want)
		}
		if seen[extended] || !extendedPattern.MatchString(extended) {
			t.Errorf("%s: x-amz-apigw-id is %q", test.name, extended)
		}
		seen[id], seen[extended] = true, true
		inEvent := map[string]any{
			"trace": got.Trace.RequestID, "event": lookUp(backend.event(), "requestContext.requestId"),
			"extended": lookUp(backend.event(), "requestContext.extendedRequestId"),
		}
		if diff := cmp.Diff(map[string]any{"trace": id, "event": id, "extended": extended}, inEvent); diff != "" {
			t.Errorf("%s: identifiers differ (-response +others):\n%s", test.name, diff)
		}
	}
}

// TestTraceID holds rest-gateway 2.3 and 3.3: the trace of the event, and of the response.
func TestTraceID(t *testing.T) {
	t.Parallel()
	const root = "Root=1-3152b799-8954dae64eda91bc9a23a7e8"
	tests := []struct {
		name, sent, event, response string // the last two are patterns
	}{
		{
			name: "new", event: `^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$`,
			response: `^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01]$`,
		},
		{name: "a root alone", sent: root, event: "^" + root + "$", response: "^" + root + ";Parent=[0-9a-f]{16};Sampled=[01]$"},
		{name: "a root that is sampled", sent: root + ";Sampled=1", event: "^" + root + ";Sampled=1$", response: "^" + root + ";Parent=[0-9a-f]{16};Sampled=1$"},
		{
			name: "all of it", sent: root + ";Parent=7fa8c0f79203be72;Sampled=1",
			event:    "^" + root + ";Parent=7fa8c0f79203be72;Sampled=1$",
			response: "^" + root + ";Parent=7fa8c0f79203be72;Sampled=1$",
		},
	}
	backend := answering(`{}`)
	gateway := emulatortest.Run(t, emulator.Routes(`{api: {stage: dev}, routes: {GET /a: backend}}`), emulator.Functions{"backend": backend}, nil)
	for _, test := range tests {
		var headers []string
		if test.sent != "" {
			headers = []string{"X-Amzn-Trace-Id", test.sent}
		}
		got := gateway.Get("/dev/a", headers...)
		inEvent, _ := lookUp(backend.event(), "headers.X-Amzn-Trace-Id").(string)
		inResponse := got.Header.Get("X-Amzn-Trace-Id")
		if !regexp.MustCompile(test.event).MatchString(inEvent) {
			t.Errorf("%s: the event has %q, want %s", test.name, inEvent, test.event)
		}
		if !regexp.MustCompile(test.response).MatchString(inResponse) {
			t.Errorf("%s: the response has %q, want %s", test.name, inResponse, test.response)
		}
		if ours, _, _ := strings.Cut(inEvent, ";"); !strings.HasPrefix(inResponse, ours) {
			t.Errorf("%s: the event has %q, the response %q", test.name, inEvent, inResponse)
		}
	}
}
