package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/gateway"
	"gatewayd/emulator/trace"
)

// instant is an endpoint that costs nothing.
type instant struct{}

func (instant) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, ContentLength: 2, Header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"2"}},
		Body: io.NopCloser(strings.NewReader("{}")), Request: r,
	}, nil
}

// BenchmarkIntegration is the whole pipeline with the integrations that are no functions. The endpoint is not part of it.
func BenchmarkIntegration(b *testing.B) {
	const template = `{"id":"$input.params('petId')","stage":"$context.stage"}`
	integrations := []struct {
		name  string
		route apigw.Route
	}{
		{"MOCK", apigw.Route{Mock: &apigw.Mock{Status: http.StatusOK, Body: template}}},
		{"HTTP_PROXY", apigw.Route{HTTP: &apigw.HTTPProxy{URI: "http://127.0.0.1/{petId}?a=1"}}},
	}
	for _, bench := range integrations {
		b.Run(bench.name, func(b *testing.B) {
			bench.route.Method, bench.route.Path = http.MethodGet, "/pets/{petId}"
			h := newHarness(func(o *gateway.Options) {
				o.Record = func(trace.Trace, []string) {}
				o.Backends = gateway.Backends{Verified: instant{}, Insecure: instant{}}
			}).deploy(b, api(func(a *apigw.API) { a.Routes = []apigw.Route{bench.route} }))
			r, w := ask(b, "/dev/pets/7?page=2", true), discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}

// Explain names what would have answered, and calls nothing.
func TestExplainIntegrations(t *testing.T) {
	t.Parallel()
	h := newHarness(nil).deploy(t, api(func(a *apigw.API) {
		a.Routes = []apigw.Route{
			{Method: "GET", Path: "/mock", Mock: &apigw.Mock{Status: http.StatusOK}},
			{Method: "GET", Path: "/http", HTTP: &apigw.HTTPProxy{URI: "http://127.0.0.1:1/"}},
		}
	}))
	for path, want := range map[string]string{
		"/dev/mock": "allowed: no authorizer guards GET /mock; the mock was not called",
		"/dev/http": "allowed: no authorizer guards GET /http; endpoint http://127.0.0.1:1/ was not called",
	} {
		if got := h.Explain(request(t, http.MethodGet, path)); got.Reason != want || got.Code != trace.RouteOpen {
			t.Errorf("%s: got %s %q, want %q", path, got.Code, got.Reason, want)
		}
	}
}
