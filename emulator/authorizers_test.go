package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

func ExampleEmulator_TestAuthorizer() {
	e, err := emulator.New(emulator.Routes(petstore), emulator.Functions{
		"authorize": emulator.Func(authorize), "pets": emulator.Func(pets),
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, token := range []string{"Bearer good", "Bearer bad"} {
		got, err := e.TestAuthorizer(context.Background(), "jwt", emulator.AuthorizerTest{Token: token})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d %q %q %s\n", got.ClientStatus, got.Decision, got.PrincipalID, got.MethodARN)
	}
	// Output:
	// 0 "Allow" "user-1" arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/ESTestInvoke-stage/GET/
	// 401 "" "" arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/ESTestInvoke-stage/GET/
}

const twoAuthorizers = `
api: { name: test, id: a1b2c3d4e5, stage: dev }
authorizers:
  token: { function: auth, identityValidationExpression: "^B.*" }
  request: { type: REQUEST, function: auth, identitySource: [method.request.header.X-Tenant, method.request.querystring.key], authorizerResultTtlInSeconds: 0 }
routes:
  GET /pets: { function: one, authorizer: token }
  GET /cats: { function: one, authorizer: token }
  GET /open: one
`

// newTwo runs both authorizers on a function that answers with the same always.
func newTwo(t *testing.T, reply string, err error) *emulatortest.Gateway {
	t.Helper()
	return emulatortest.Run(t, emulator.Routes(twoAuthorizers), emulator.Functions{
		"one": answer("1"),
		"auth": emulator.Func(func(context.Context, json.RawMessage) (json.RawMessage, error) {
			return json.RawMessage(reply), err
		}),
	}, nil)
}

func TestAuthorizers(t *testing.T) {
	t.Parallel()
	want := []emulator.Authorizer{
		{
			Name: "token", Type: "TOKEN", Function: "auth", IdentitySources: []string{"method.request.header.Authorization"}, ValidationExpression: "^B.*",
			TTL: 300, Routes: []string{"GET /pets", "GET /cats"}, Source: "routes.yaml:4:3",
		},
		{
			Name: "request", Type: "REQUEST", Function: "auth", IdentitySources: []string{"method.request.header.X-Tenant", "method.request.querystring.key"},
			Routes: []string{}, Source: "routes.yaml:5:3",
		},
	}
	if diff := cmp.Diff(want, newTwo(t, "", nil).Authorizers()); diff != "" {
		t.Errorf("authorizers (-want +got):\n%s", diff)
	}
}

func TestTestAuthorizer(t *testing.T) {
	t.Parallel()
	const (
		arn   = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets"
		allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"` + arn + `"}]}`
	)
	tests := []struct {
		name       string
		authorizer string
		test       emulator.AuthorizerTest
		answer     string
		err        error
		want       emulator.AuthorizerTestResult
	}{
		{
			name: "allowed", authorizer: "token", test: emulator.AuthorizerTest{Token: "B", MethodARN: arn},
			answer: `{"principalId":"me","policyDocument":` + allow + `,"context":{"n":1,"none":null}}`,
			want: emulator.AuthorizerTestResult{
				PrincipalID: "me", Policy: allow, Authorization: map[string]*string{"n": new("1"), "none": nil}, Decision: "Allow", Code: trace.PolicyAllow,
				Reason: "Statement[0] allows the request, and no statement denies it",
				Warnings: []string{"policyDocument Statement: the policy allows only the method that was asked for, and is cached: " +
					"the authorizer's other routes will be refused with it [one-method-cached]"},
			},
		},
		{
			name: "not allowed", authorizer: "request", answer: `{"policyDocument":` + allow + `}`,
			test: emulator.AuthorizerTest{Headers: http.Header{"x-tenant": {"acme"}}, Query: map[string][]string{"key": {"k"}}, MethodARN: arn + "/1"},
			want: emulator.AuthorizerTestResult{
				Policy: allow, Authorization: map[string]*string{}, Decision: "ImplicitDeny", Code: trace.PolicyImplicitDeny,
				Reason: "no statement applies to the request", Hint: `statement 0: the pattern ends where the ARN goes on with "/1", at byte 66`,
				Warnings: []string{"the answer has no principalId; AWS's documentation requires one"},
			},
		},
		{
			name: "denied", authorizer: "token", test: emulator.AuthorizerTest{Event: []byte(`{"methodArn":"` + arn + `"}`)},
			answer: `{"principalId":"me","policyDocument":{"Version":"2012-10-17","Statement":{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}}}`,
			want: emulator.AuthorizerTestResult{
				PrincipalID: "me", Policy: `{"Version":"2012-10-17","Statement":{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}}`,
				Authorization: map[string]*string{}, Decision: "ExplicitDeny", Code: trace.PolicyExplicitDeny,
				Reason: `Statement[0] (Sid "a") denies the request, whatever others allow`,
			},
		},
		{
			name: "failed", authorizer: "token", test: emulator.AuthorizerTest{Token: "B", MethodARN: arn}, err: errors.New("boom"),
			want: emulator.AuthorizerTestResult{
				ClientStatus: 500, Authorization: map[string]*string{}, Code: trace.AuthorizerError,
				Reason: `authorizer "token": function "auth" failed: errorString: "boom"`,
				Hint:   "only the error text Unauthorized, exactly, becomes a 401; every other error is a 500",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := newTwo(t, tt.answer, tt.err).TestAuthorizer(t.Context(), tt.authorizer, tt.test)
			if err != nil {
				t.Fatal(err)
			}
			if got.Log == "" || got.Latency < 1 {
				t.Errorf("log %q, latency %d", got.Log, got.Latency)
			}
			got.Log, got.Latency = "", 0
			if tt.want.MethodARN = tt.test.MethodARN; tt.want.MethodARN == "" {
				tt.want.MethodARN = arn
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTestAuthorizerRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		authorizer string
		test       emulator.AuthorizerTest
		want       emulator.RequestError
	}{
		{name: "no such authorizer", authorizer: "tokn", want: emulator.RequestError{Status: 404, Reason: `no authorizer "tokn", did you mean "token"?`}},
		{
			name: "a token for a REQUEST authorizer", authorizer: "request", test: emulator.AuthorizerTest{Token: "t"},
			want: emulator.RequestError{Status: 400, Reason: `authorizer "request" is of type REQUEST, which takes headers and query parameters, not a token`},
		},
		{
			name: "an event that is not JSON", authorizer: "token", test: emulator.AuthorizerTest{Event: []byte("{")},
			want: emulator.RequestError{Status: 400, Reason: "the event is not JSON"},
		},
		{
			name: "an event and a token", authorizer: "token", test: emulator.AuthorizerTest{Event: []byte("{}"), Token: "t"},
			want: emulator.RequestError{Status: 400, Reason: "an event has its own token, headers and query parameters"},
		},
		{
			name: "an event and a query parameter", authorizer: "request", test: emulator.AuthorizerTest{Event: []byte("{}"), Query: map[string][]string{"a": {"b"}}},
			want: emulator.RequestError{Status: 400, Reason: "an event has its own token, headers and query parameters"},
		},
	}
	g := newTwo(t, "", nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := g.TestAuthorizer(t.Context(), tt.authorizer, tt.test)
			refused, ok := errors.AsType[*emulator.RequestError](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tt.want, *refused); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
