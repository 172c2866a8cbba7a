package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

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

func BenchmarkServeHTTP(b *testing.B) {
	answer := func(text string) lambda.Handler {
		return function.Func(func(context.Context, json.RawMessage) (json.RawMessage, error) { return json.RawMessage(text), nil })
	}
	benchmarks := []struct {
		name, path string
		change     func(*apigw.API)
	}{
		{name: "open route", path: "/dev/pets/7?page=2"},
		{name: "cached authorizer", path: "/dev/guarded"},
		{name: "TTL 0", path: "/dev/guarded", change: func(a *apigw.API) { a.Authorizers[0].ResultTTL = 0 }},
		{name: "refused", path: "/dev/guarded/none/such", change: func(a *apigw.API) { a.Routes = a.Routes[2:] }},
	}
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			h := newHarness(func(o *gateway.Options) {
				o.Record = func(trace.Trace, []string) {}
				o.Handlers["echo"] = answer(`{"statusCode":200,"body":"{\"ok\":true}"}`)
				o.Handlers["jwt"] = answer(`{"principalId":"user","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}}`)
			}).deploy(b, api(bench.change))
			r := request(b, http.MethodGet, bench.path, "Authorization", "Bearer abc", "Accept", "*/*", "User-Agent", "bench")
			w := discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}
