package e2e_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

const echoRoutes = `
api: { name: echo, stage: dev, stageVariables: { table: pets } }
authorizers:
  allow: { type: TOKEN, function: allow-token, identitySource: jwt_token }
  jwt: { type: TOKEN, function: jwt-rs256 }
  parameters:
    type: REQUEST
    function: request-parameters
    identitySource: [method.request.header.X-Tenant, method.request.querystring.key, stageVariables.table]
routes:
  GET /allow: { function: echo, authorizer: allow }
  GET /jwt: { function: echo, authorizer: jwt }
  GET /parameters: { function: echo, authorizer: parameters }
  GET /none: { function: echo, authorizer: NONE }
`

// What an authorizer says of its caller, the target finds in requestContext.authorizer: principal and context, as text.
func TestContextReachesTheTarget(t *testing.T) {
	t.Parallel()
	key := newKey(t, "k1")
	p := newProvider(t, key)
	g := serve(t, echoRoutes, p.environment()...)
	tests := []struct {
		name    string
		request request
		want    map[string]any
	}{
		{
			"context map",
			request{path: "/allow", headers: []string{"jwt_token: allow"}},
			map[string]any{"principalId": "user|a1b2c3d4", "key": "value", "number": "1", "bool": "true"},
		},
		{
			"scope",
			request{path: "/jwt", headers: []string{bearer(t, key, p.claims(nil))}},
			map[string]any{"principalId": "dev@clients", "scope": "read:pets"},
		},
		{
			"no scope",
			request{path: "/jwt", headers: []string{bearer(t, key, p.claims(jwt.MapClaims{"scope": nil}))}},
			map[string]any{"principalId": "dev@clients"},
		},
		{
			"request parameters",
			request{path: "/parameters?key=acme-1234", headers: []string{"X-Tenant: acme"}},
			map[string]any{"principalId": "acme", "tenant": "acme", "table": "pets"},
		},
		{"no authorizer", request{path: "/none"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := g.do(t, test.request)
			var event struct {
				RequestContext struct{ Authorizer map[string]any }
			}
			if err := json.Unmarshal([]byte(answer.body), &event); err != nil {
				t.Fatalf("%d %s: %v", answer.status, answer.body, err)
			}
			got := event.RequestContext.Authorizer
			if _, timed := got["integrationLatency"].(float64); timed != (test.want != nil) {
				t.Errorf("integrationLatency: %v", got["integrationLatency"])
			}
			delete(got, "integrationLatency")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("requestContext.authorizer (-want +got):\n%s", diff)
			}
		})
	}
}

// Each identity source must be there; what they say, the function judges.
func TestRequestParameters(t *testing.T) {
	t.Parallel()
	g := serve(t, echoRoutes)
	tests := []struct {
		name   string
		path   string
		header string
		status int
		body   string
		code   string
	}{
		{"no header", "/parameters?key=acme-1234", "X-Other: acme", http.StatusUnauthorized, unauthorized, "identity.missing"},
		{"no parameter", "/parameters", "X-Tenant: acme", http.StatusUnauthorized, unauthorized, "identity.missing"},
		{"name in another case", "/parameters?KEY=acme-1234", "X-Tenant: acme", http.StatusUnauthorized, unauthorized, "identity.missing"},
		{"empty parameter", "/parameters?key=", "X-Tenant: acme", http.StatusUnauthorized, unauthorized, "identity.empty"},
		{"another tenant's key", "/parameters?key=acme-1234", "X-Tenant: globex", http.StatusForbidden, explicitDeny, "policy.explicit_deny"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			id := g.want(t, request{path: test.path, headers: []string{test.header}}, test.status, test.body)
			if trace := g.trace(t, id); trace.Code != test.code {
				t.Errorf("code %s, want %s", trace.Code, test.code)
			}
		})
	}
}

// NONE without a default authorizer: AWS SAM refuses to deploy that, gatewayd serves what was said.
func TestNoneWithoutADefault(t *testing.T) {
	t.Parallel()
	g := serve(t, "routes:\n  GET /sayhello: { function: say-hello, authorizer: NONE }\n")
	g.want(t, request{path: "/sayhello"}, http.StatusOK, hello)
	var config struct {
		Findings []struct{ Source, Message string }
	}
	g.tell(t, "/_gatewayd/config", &config)
	if len(config.Findings) != 1 || config.Findings[0].Source != "routes.yaml:2:53" {
		t.Errorf("findings: %+v", config.Findings)
	}
}
