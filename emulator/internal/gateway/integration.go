package gateway

import (
	"context"
	"strconv"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/trace"
)

// integration is what answers behind a route: a Lambda proxy, HTTP_PROXY or MOCK integration, or one that cannot work. It is
// chosen when the API is compiled.
type integration interface {
	// integrate ends the exchange with the integration's answer.
	integrate(ctx context.Context, x *exchange, granted grant)
	// String names it in a sentence: function "pets".
	String() string
}

// integration makes what answers behind a route.
func (g *Gateway) integration(api *apigw.API, r *apigw.Route, resolve func(string) (target, error)) (integration, error) {
	if hint, reason := api.Misconfigured(r); reason != "" {
		return &misconfigured{reason: reason, hint: hint}, nil
	}
	switch r.Integration() {
	case apigw.HTTPProxyType:
		return g.httpProxy(api, r)
	case apigw.MockIntegration:
		return newMock(r.Mock)
	case apigw.LambdaProxy:
	}
	t, err := resolve(r.Function)
	return &t, err
}

// String names the function.
func (t *target) String() string { return "function " + strconv.Quote(t.name) }

// misconfigured is an integration that AWS deploys and that never answers: 500, before anything is called (rest-gateway 3.5, 8.1).
type misconfigured struct{ reason, hint string }

func (m *misconfigured) integrate(_ context.Context, x *exchange, granted grant) {
	refusal := &apigw.Error{Type: apigw.APIConfigurationError, Code: trace.IntegrationError, Reason: m.reason, Hint: m.hint}
	x.step(trace.Step{Name: "integration", Code: refusal.Code, Source: granted.route.source, Confidence: refusal.Certainty()})
	x.end(x.refuse(refusal))
}

func (m *misconfigured) String() string { return "the integration" }
