package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/gateway"
	"gatewayd/emulator/trace"
)

// discard is a client that is not interested.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
func (d discard) Flush()                      {}

// hello is the usual function of a benchmark.
func hello(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: `{"message":"hello, world!!!!"}`}, nil
}

// everything is an authorizer's answer that allows it.
const everything = `{"principalId":"user","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}}`

// allow is the usual authorizer of a benchmark.
func allow(context.Context, events.APIGatewayCustomAuthorizerRequest) (json.RawMessage, error) {
	return json.RawMessage(everything), nil
}

// pipeline is a gateway with both, and everything on that is on by default.
func pipeline(t testing.TB, jsonLane bool, change func(*apigw.API)) *harness {
	t.Helper()
	return newHarness(func(o *gateway.Options) {
		o.JSONLane = jsonLane
		o.Record = func(trace.Trace, []string) {}
		o.Handlers["echo"], o.Handlers["jwt"] = function.Func(hello), function.Func(allow)
	}).deploy(t, api(change))
}

// ask is the request of a benchmark. A served one is as net/http's HTTP/1 server hands it over.
func ask(t testing.TB, path string, served bool) *http.Request {
	t.Helper()
	r := request(t, http.MethodGet, path, "Authorization", "Bearer abc", "Accept", "*/*", "User-Agent", "bench")
	if served {
		r = r.WithContext(context.WithValue(r.Context(), http.ServerContextKey, &http.Server{}))
	}
	return r
}

// BenchmarkServeHTTP is the whole pipeline. The authorizer is cached but where it says TTL 0.
func BenchmarkServeHTTP(b *testing.B) {
	uncached := func(a *apigw.API) { a.Authorizers[0].ResultTTL = 0 }
	benchmarks := []struct {
		name, path string
		served     bool // by net/http's HTTP/1 server: the function has no goroutine of its own
		jsonLane   bool
		headers    []string
		change     func(*apigw.API)
	}{
		{name: "typed/open", path: "/dev/pets/7?page=2", served: true},
		{name: "typed/authorized", path: "/dev/guarded", served: true},
		{name: "typed/authorized, own goroutine", path: "/dev/guarded"},
		{name: "typed/TTL 0", path: "/dev/guarded", served: true, change: uncached},
		{name: "JSON/open", path: "/dev/pets/7?page=2", served: true, jsonLane: true},
		{name: "JSON/authorized", path: "/dev/guarded", served: true, jsonLane: true},
		{name: "JSON/TTL 0", path: "/dev/guarded", served: true, jsonLane: true, change: uncached},
		{name: "refused", path: "/dev/guarded/none/such", change: func(a *apigw.API) { a.Routes = a.Routes[2:] }},
		{name: "refused, customized", path: "/dev/guarded/none/such", change: func(a *apigw.API) {
			a.Routes = a.Routes[2:]
			a.GatewayResponses = []apigw.GatewayResponse{{
				Type:      apigw.Default4XX,
				Headers:   []apigw.HeaderMapping{{Name: "Access-Control-Allow-Origin", Expression: "'*'"}},
				Templates: []apigw.BodyTemplate{{ContentType: "application/json", Text: `{"message":$context.error.messageString,"id":"$context.requestId"}`}},
			}}
		}},
		{name: "typed/open, from another origin", path: "/dev/pets/7?page=2", served: true, headers: []string{"Origin", "https://app.example"}},
		{name: "typed/open, a required parameter", path: "/dev/pets/7?page=2", served: true, change: func(a *apigw.API) {
			a.Routes[1].Validator = apigw.ValidateParameters
			a.Routes[1].RequestParameters = []apigw.RequestParameter{{Location: apigw.InQueryString, Name: "page", Required: true}}
		}},
	}
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			h := pipeline(b, bench.jsonLane, bench.change)
			r := ask(b, bench.path, bench.served)
			for i := 0; i < len(bench.headers); i += 2 {
				r.Header.Set(bench.headers[i], bench.headers[i+1])
			}
			w := discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}

// BenchmarkTrace is what the account of a request costs.
func BenchmarkTrace(b *testing.B) {
	h := pipeline(b, false, nil)
	b.ReportAllocs()
	for b.Loop() {
		h.Account()
	}
}

// What the complete path may allocate, which does not depend on the machine. The test is not parallel: others would count.
func TestAllocations(t *testing.T) {
	tests := []struct {
		name, path string
		most       float64
	}{
		{name: "authorized by a kept result", path: "/dev/guarded", most: 35},
		{name: "open, with parameters", path: "/dev/pets/7?page=2", most: 45},
	}
	for _, tt := range tests {
		h, r, w := pipeline(t, false, nil), ask(t, tt.path, true), discard{http.Header{}}
		got := testing.AllocsPerRun(200, func() {
			clear(w.header)
			h.ServeHTTP(w, r)
		})
		if got > tt.most {
			t.Errorf("%s: %v allocations, want at most %v", tt.name, got, tt.most)
		}
	}
	h := pipeline(t, false, nil)
	if got := testing.AllocsPerRun(200, h.Account); got > 1 {
		t.Errorf("the trace: %v allocations, want 1", got)
	}
}
