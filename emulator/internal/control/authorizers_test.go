package control_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/trace"
)

func TestAuthorizers(t *testing.T) {
	t.Parallel()
	options := (&fake{}).options()
	options.Authorizers = func() []control.Authorizer {
		return []control.Authorizer{{
			Name: "jwt", Type: "TOKEN", Function: "jwt-hs256", IdentitySources: []string{"method.request.header.Authorization"}, TTL: 300,
			ValidationExpression: "^a", Routes: []string{"GET /pets"}, Source: "routes.yaml:5:3",
		}, {Name: "none", Type: "REQUEST", Function: "f", IdentitySources: []string{}, Routes: []string{}, Source: "routes.yaml:6:3"}}
	}
	w := send(t, options, http.MethodGet, "/_gatewayd/authorizers", nil)
	const wanted = `[
  {
    "name": "jwt",
    "type": "TOKEN",
    "function": "jwt-hs256",
    "identitySource": [
      "method.request.header.Authorization"
    ],
    "identityValidationExpression": "^a",
    "authorizerResultTtlInSeconds": 300,
    "routes": [
      "GET /pets"
    ],
    "source": "routes.yaml:5:3"
  },
  {
    "name": "none",
    "type": "REQUEST",
    "function": "f",
    "identitySource": [],
    "authorizerResultTtlInSeconds": 0,
    "routes": [],
    "source": "routes.yaml:6:3"
  }
]
`
	if diff := cmp.Diff(wanted, w.Body.String()); w.Code != http.StatusOK || diff != "" {
		t.Errorf("status %d, answer (-want +got):\n%s", w.Code, diff)
	}
}

func TestAuthorizerTest(t *testing.T) {
	t.Parallel()
	type call struct {
		Name string
		Test control.AuthorizerTest
	}
	tests := []struct {
		name, path, body string
		result           control.AuthorizerTestResult
		err              error
		call             *call
		status           int
		want             string
	}{
		{
			name: "token", path: "jwt", body: `{"token":"Bearer x","methodArn":"arn"}`,
			call: &call{"jwt", control.AuthorizerTest{Token: "Bearer x", MethodARN: "arn", Headers: http.Header{}, Query: map[string][]string{}}},
			result: control.AuthorizerTestResult{
				ClientStatus: 0, Log: "log", Latency: 3, PrincipalID: "me", Policy: "{}", Authorization: map[string]*string{"a": new("1"), "b": nil},
				MethodARN: "arn", Decision: "Allow", Code: trace.PolicyAllow, Reason: "because",
			},
			status: 200, want: `{"clientStatus":0,"log":"log","latency":3,"principalId":"me","policy":"{}","authorization":{"a":"1","b":null},` +
				`"methodArn":"arn","decision":"Allow","code":"policy.allow","reason":"because"}`,
		},
		{
			name: "headers and query", path: "jwt", body: `{"headers":{"x-a":["1","2"],"X-B":"3"},"query":{"k":"v"},"event":null}`,
			call:   &call{"jwt", control.AuthorizerTest{Headers: http.Header{"x-a": {"1", "2"}, "X-B": {"3"}}, Query: map[string][]string{"k": {"v"}}}},
			result: control.AuthorizerTestResult{ClientStatus: 401, Code: trace.IdentityMissing, Hint: "try", Warnings: []string{"w"}},
			status: 200, want: `{"clientStatus":401,"log":"","latency":0,"principalId":"","policy":"","authorization":null,` +
				`"methodArn":"","decision":"","code":"identity.missing","reason":"","hint":"try","warnings":["w"]}`,
		},
		{
			name: "event", path: "jwt", body: `{"event":{"a" : 1.0}}`, err: &control.RequestError{Status: http.StatusNotFound, Reason: "no authorizer"},
			call:   &call{"jwt", control.AuthorizerTest{Headers: http.Header{}, Query: map[string][]string{}, Event: []byte(`{"a" : 1.0}`)}},
			status: 404, want: `{"error":"no authorizer"}`,
		},
		{
			name: "a fault", path: "jwt", body: `{}`, err: errors.New("boom"),
			call:   &call{"jwt", control.AuthorizerTest{Headers: http.Header{}, Query: map[string][]string{}}},
			status: 500, want: `{"error":"boom"}`,
		},
		{name: "no JSON", path: "jwt", status: 400, want: `{"error":"the body cannot be read: EOF"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var called *call
			options := (&fake{}).options()
			options.TestAuthorizer = func(_ context.Context, name string, test control.AuthorizerTest) (control.AuthorizerTestResult, error) {
				called = &call{name, test}
				return tt.result, tt.err
			}
			want(t, options, "/_gatewayd/authorizers/"+tt.path+"/test", tt.body, tt.status, tt.want)
			if diff := cmp.Diff(tt.call, called); diff != "" {
				t.Errorf("call (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		result control.AuthorizerTestResult
		want   control.Outcome
	}{
		{"allowed", control.AuthorizerTestResult{Code: trace.PolicyAllow}, control.OutcomeAllowed},
		{"denied", control.AuthorizerTestResult{Code: trace.PolicyExplicitDeny}, control.OutcomeRefused},
		{"not allowed", control.AuthorizerTestResult{Code: trace.PolicyImplicitDeny}, control.OutcomeRefused},
		{"unauthorized", control.AuthorizerTestResult{ClientStatus: 401, Code: trace.AuthorizerUnauthorized}, control.OutcomeRefused},
		{"failed", control.AuthorizerTestResult{ClientStatus: 500, Code: trace.AuthorizerError}, control.OutcomeFailed},
		{"nothing", control.AuthorizerTestResult{}, control.OutcomeRefused},
	}
	for _, tt := range tests {
		if got := tt.result.Outcome(); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}
