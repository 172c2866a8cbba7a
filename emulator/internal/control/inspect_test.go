package control_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/trace"
)

// still is a clock that does not move.
type still struct{ control.Clock }

func (still) Now() time.Time { return time.Unix(1_800_000_000, 0) }

func TestInspectToken(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE3MDAwMDAwMDB9.eHh4" // of RS256, exp 1700000000
	refused := control.AuthorizerTestResult{ClientStatus: 401, Code: trace.AuthorizerUnauthorized, Reason: "said no", Hint: "look there"}
	mismatch := control.AuthorizerTestResult{ClientStatus: 401, Code: trace.IdentityMismatch, Reason: "does not match"}
	allowed := control.AuthorizerTestResult{Code: trace.PolicyAllow, Decision: "Allow"}
	tests := []struct {
		name, body string
		results    []control.AuthorizerTestResult // of the tests, in order
		tests      []string                       // header values that they were given
		status     int
		want       []string // in the answer
		unwanted   string
	}{
		{
			name: "on its own", body: `{"token":" Bearer ` + token + ` "}`, status: 200,
			want: []string{`"alg": "RS256"`, `"exp": 1700000000`, `"code": "token.expired"`, "the token expired 27777h46m40s ago", `"authorizer": null`},
		},
		{
			name: "refused", body: `{"token":"Bearer ` + token + `","authorizer":"jwt"}`, results: []control.AuthorizerTestResult{refused},
			tests: []string{"Bearer " + token}, status: 200,
			want: []string{`"by": "authorizer"`, `"message": "said no"`, `"sentAs": "X-Token: Bearer ********9.eHh4"`, `"clientStatus": 401`},
		},
		{
			name: "allowed as it is", body: `{"token":"` + token + `","authorizer":"jwt"}`, results: []control.AuthorizerTestResult{allowed},
			tests: []string{token}, status: 200, want: []string{`"sentAs": "X-Token: ********9.eHh4"`, `"decision": "Allow"`}, unwanted: `"by": "authorizer"`,
		},
		{
			name: "allowed as a bearer token", body: `{"token":"` + token + `","authorizer":"jwt"}`, results: []control.AuthorizerTestResult{mismatch, allowed},
			tests: []string{token, "Bearer " + token}, status: 200, want: []string{`"sentAs": "X-Token: Bearer ********9.eHh4"`}, unwanted: "does not match",
		},
		{
			name: "refused either way", body: `{"token":"` + token + `","authorizer":"jwt"}`, results: []control.AuthorizerTestResult{mismatch, mismatch},
			tests: []string{token, "Bearer " + token}, status: 200, want: []string{`"sentAs": "X-Token: ********9.eHh4"`, "does not match"},
		},
		{
			name: "by headers", body: `{"token":"` + token + `","authorizer":"request"}`, results: []control.AuthorizerTestResult{allowed},
			tests: []string{"X-Key=" + token}, status: 200, want: []string{`"sentAs": "X-Key: ********9.eHh4"`},
		},
		{name: "no authorizer", body: `{"token":"x","authorizer":"none"}`, tests: []string{"x"}, status: 404, want: []string{"no authorizer"}},
		{name: "nothing", body: `{}`, status: 400, want: []string{`want {\"token\"`}},
		{name: "an unknown key", body: `{"tokn":"x"}`, status: 400, want: []string{"unknown field"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var given []string
			options := (&fake{}).options()
			options.Clock = still{}
			options.Authorizers = func() []control.Authorizer {
				return []control.Authorizer{
					{Name: "jwt", Type: "TOKEN", IdentitySources: []string{"method.request.header.X-Token"}},
					{Name: "request", Type: "REQUEST", IdentitySources: []string{"method.request.querystring.k", "method.request.header.X-Key"}},
				}
			}
			options.TestAuthorizer = func(_ context.Context, _ string, test control.AuthorizerTest) (control.AuthorizerTestResult, error) {
				value := test.Token
				for name, values := range test.Headers {
					value = name + "=" + values[0]
				}
				given = append(given, value)
				if len(given) > len(tt.results) {
					return control.AuthorizerTestResult{}, &control.RequestError{Status: http.StatusNotFound, Reason: "no authorizer"}
				}
				return tt.results[len(given)-1], nil
			}
			w := post(t, options, "/_gatewayd/tokens/inspect", tt.body, nil)
			for _, wanted := range tt.want {
				if w.Code != tt.status || !strings.Contains(w.Body.String(), wanted) {
					t.Errorf("status %d, want %d with %s:\n%s", w.Code, tt.status, wanted, w.Body)
				}
			}
			if tt.unwanted != "" && strings.Contains(w.Body.String(), tt.unwanted) {
				t.Errorf("the answer has %s:\n%s", tt.unwanted, w.Body)
			}
			if diff := cmp.Diff(tt.tests, given); diff != "" {
				t.Errorf("tests of the authorizer (-want +got):\n%s", diff)
			}
		})
	}
}
