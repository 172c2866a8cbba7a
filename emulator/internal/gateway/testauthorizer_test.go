package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/gateway"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

// tested is a gateway with an authorizer of either type on a function that answers with text, or fails.
type tested struct {
	*harness
	events []string // that the function was given
}

func newTested(t *testing.T, answer string, err error) *tested {
	t.Helper()
	f := &tested{}
	f.harness = newHarness(func(o *gateway.Options) {
		o.Handlers["tested"] = function.Func(func(_ context.Context, event json.RawMessage) (json.RawMessage, error) {
			f.events = append(f.events, string(event))
			return json.RawMessage(answer), err
		})
	})
	f.deploy(t, api(func(a *apigw.API) {
		a.Authorizers = append(a.Authorizers,
			apigw.Authorizer{Name: "token", Type: apigw.TokenAuthorizer, Function: "tested", ValidationExpression: "Bearer .+", ResultTTL: time.Minute},
			apigw.Authorizer{Name: "request", Type: apigw.RequestAuthorizer, Function: "tested", IdentitySources: []apigw.IdentitySource{
				{Kind: apigw.HeaderSource, Name: "X-Tenant"}, {Kind: apigw.QueryStringSource, Name: "key"},
			}})
	}))
	return f
}

// run tests an authorizer that exists.
func (f *tested) run(t *testing.T, name string, test gateway.AuthorizerTest) gateway.TestedAuthorizer {
	t.Helper()
	got, err := f.TestAuthorizer(t.Context(), name, test)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func header(name, value string) []event.Pair { return []event.Pair{{Name: name, Value: value}} }

const (
	testARN   = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/ESTestInvoke-stage/GET/"
	allowsAll = `{"principalId":"me","context":{"n":1},"policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}}`
)

// What AWS's TestInvokeAuthorizer makes up was recorded.
func TestTestAuthorizerEvents(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/aws/test-invoke-authorizer.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct{ Values map[string]any }
	if err := json.Unmarshal(text, &recorded); err != nil {
		t.Fatal(err)
	}
	f := newTested(t, allowsAll, nil)
	f.run(t, "request", gateway.AuthorizerTest{Headers: header("X-Tenant", "acme"), Query: header("key", "k")})
	f.run(t, "token", gateway.AuthorizerTest{Headers: header("authorization", "Bearer t")})
	if len(f.events) != 2 {
		t.Fatalf("events: %q", f.events)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(f.events[0]), &got); err != nil {
		t.Fatal(err)
	}
	requestContext, _ := got["requestContext"].(map[string]any)
	values := map[string]any{}
	for name := range recorded.Values {
		values[name] = got[name]
		if inContext, nested := strings.CutPrefix(name, "requestContext."); nested {
			values[name] = requestContext[inContext]
		}
		if identity, ofIdentity := requestContext["identity"].(map[string]any); ofIdentity && name == "requestContext.identity.apiKey" {
			values[name] = identity["apiKey"]
		}
	}
	if diff := cmp.Diff(recorded.Values, values); diff != "" {
		t.Errorf("REQUEST event (-recorded +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{map[string]any{"X-Tenant": "acme"}, map[string]any{"key": "k"}}, []any{got["headers"], got["queryStringParameters"]}); diff != "" {
		t.Errorf("headers and query (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(`{"type":"TOKEN","methodArn":"`+testARN+`","authorizationToken":"Bearer t"}`, f.events[1]); diff != "" {
		t.Errorf("TOKEN event (-want +got):\n%s", diff)
	}
}

// The event of a file is passed on byte for byte, whatever it says.
func TestTestAuthorizerPassesAnEventOn(t *testing.T) {
	t.Parallel()
	const odd = "arn:aws:execute-api:us-east-1:1234567890:apiId/stage/method/resourcePath"
	tests := []struct {
		name, event, methodARN, want string
	}{
		{name: "with a method ARN", event: `{ "methodArn": "` + odd + `", "type": "TOKEN", "more": [1.0] }`, want: odd},
		{name: "asked about another one", event: `{"methodArn":"` + odd + `"}`, methodARN: testARN + "pets", want: testARN + "pets"},
		{name: "with none", event: `{"methodarn":"x"}`, want: testARN},
		{name: "with one that is no text", event: `{"methodArn":1}`, want: testARN},
		{name: "no object", event: `null`, want: testARN},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newTested(t, allowsAll, nil)
			got := f.run(t, "token", gateway.AuthorizerTest{Event: []byte(tt.event), MethodARN: tt.methodARN})
			if diff := cmp.Diff([]string{tt.event}, f.events); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
			if got.MethodARN != tt.want || got.Verdict != policy.Allow {
				t.Errorf("%v for %s, want Allow for %s", got.Verdict, got.MethodARN, tt.want)
			}
		})
	}
}

// The log is in the words of AWS's execution log (rest-authorizer 9), the secrets in it masked.
func TestTestAuthorizerOutcomes(t *testing.T) {
	t.Parallel()
	const (
		starting  = "Starting authorizer: ID for request: REQUEST"
		identity  = "Incoming identity: ********234567"
		sent      = `Endpoint request body after transformations: {"authorizationToken":"********234567","methodArn":"` + testARN + `","type":"TOKEN"}`
		sending   = "Sending request to arn:aws:lambda:us-east-1:123456789012:function:tested"
		refused   = "Unauthorized request: REQUEST"
		status401 = "Gateway response type: UNAUTHORIZED with status code: 401"
		status500 = "Gateway response type: AUTHORIZER_CONFIGURATION_ERROR with status code: 500"
		exception = "AuthorizerConfigurationException"
		failed    = "Execution failed due to configuration error: "
	)
	body := func(answer string) string { return "Authorizer result body before parsing: " + answer }
	token := header("Authorization", "Bearer 1234567")
	tests := []struct {
		name       string
		authorizer string // token unless said
		headers    []event.Pair
		answer     string
		err        error
		verdict    policy.Verdict
		code       trace.Code // of the refusal
		log        []string
	}{
		{
			name: "allowed", headers: token, answer: allowsAll, verdict: policy.Allow,
			log: []string{
				starting, identity, sent, sending,
				body(`{"context":{"n":1},"policyDocument":{"Statement":[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"},"principalId":"me"}`),
				"Using valid authorizer policy for principal: ********", "Successfully completed authorizer execution",
			},
		},
		{
			name: "denied", headers: token, answer: `{"principalId":"","policyDocument":{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}}`,
			verdict: policy.ExplicitDeny,
			log: []string{
				starting, identity, sent, sending, body(`{"policyDocument":{"Statement":[{"Action":"*","Effect":"Deny","Resource":"*"}]},"principalId":""}`),
				"Using valid authorizer policy for principal: ", "Successfully completed authorizer execution",
			},
		},
		{
			name: "no token", code: trace.IdentityMissing,
			log: []string{starting, "Incoming identity: ", refused, status401},
		},
		{
			name: "a token that does not match", headers: header("Authorization", "Basic 1234567"), code: trace.IdentityMismatch,
			log: []string{starting, identity, refused, status401},
		},
		{
			name: "an identity source that is missing", authorizer: "request", headers: header("X-Tenant", "a longer tenant"), code: trace.IdentityMissing,
			log: []string{starting, "Incoming identity: {method.request.header.X-Tenant=********tenant, method.request.querystring.key=}", refused, status401},
		},
		{
			name: "Unauthorized", headers: token, err: errors.New("Unauthorized"), code: trace.AuthorizerUnauthorized,
			log: []string{starting, identity, sent, sending, body(`{"errorMessage":"Unauthorized","errorType":"errorString"}`), refused, status401},
		},
		{
			name: "another error", headers: token, err: messages.InvokeResponse_Error{Type: "E", Message: "boom"}, code: trace.AuthorizerError,
			log: []string{
				starting, identity, sent, sending, body(`{"errorMessage":"boom","errorType":"E"}`),
				failed + `Invalid JSON in response: Unrecognized field "errorType" , not marked as ignorable`, exception, status500,
			},
		},
		{
			name: "no policy", headers: token, answer: `{}`, code: trace.AuthorizerOutputInvalid,
			log: []string{
				starting, identity, sent, sending, body(`{}`),
				failed + `Invalid JSON in response: authorizer "token": the answer has no policyDocument`, exception, status500,
			},
		},
		{
			name: "a policy that cannot be used", headers: token, answer: `{"policyDocument":{}}`, code: trace.AuthorizerPolicyInvalid,
			log: []string{
				starting, identity, sent, sending, body(`{"policyDocument":{}}`),
				failed + `Could not parse policy: authorizer "token": the policyDocument cannot be used: policy: Statement is missing; a policy is an object with Version and Statement`, exception, status500,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newTested(t, tt.answer, tt.err)
			name := tt.authorizer
			if name == "" {
				name = "token"
			}
			got := f.run(t, name, gateway.AuthorizerTest{Headers: tt.headers})
			if tt.code == "" && (got.Refusal != nil || got.Verdict != tt.verdict) || tt.code != "" && (got.Refusal == nil || got.Refusal.Code != tt.code) {
				t.Errorf("verdict %v, refusal %v, want %v, %v", got.Verdict, got.Refusal, tt.verdict, tt.code)
			}
			if called := len(f.events) > 0; called != (got.Latency > 0) {
				t.Errorf("the function was called: %t, but the latency is %v", called, got.Latency)
			}
			if diff := cmp.Diff(tt.log, logLines(t, got.Log, name)); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
		})
	}
}

// logLines are the lines of an execution log, without the time and with names in place of identifiers.
func logLines(t *testing.T, log, authorizer string) []string {
	t.Helper()
	first, rest, _ := strings.Cut(log, "\n")
	id := strings.TrimPrefix(first, "Execution log for request ")
	if len(id) != 36 {
		t.Fatalf("log begins with %q", first)
	}
	names := strings.NewReplacer(id, "REQUEST", apigw.DerivedID(6, "a1b2c3d4e5", "authorizer", authorizer), "ID")
	var lines []string
	for line := range strings.Lines(rest) {
		text, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "Thu Sep 24 21:19:14 UTC 2026 : ")
		if !ok {
			t.Errorf("line %q", line)
		}
		lines = append(lines, names.Replace(text))
	}
	return lines
}

func TestTestAuthorizerLeavesTheCacheAlone(t *testing.T) {
	t.Parallel()
	f := newTested(t, allowsAll, nil)
	for range 2 {
		f.run(t, "token", gateway.AuthorizerTest{Headers: header("Authorization", "Bearer t")})
	}
	if len(f.events) != 2 || len(f.traces) != 0 {
		t.Errorf("%d calls, %d traces, want 2 and none", len(f.events), len(f.traces))
	}
}

func TestTestAuthorizerOfNone(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]*gateway.Gateway{"token": gateway.New(gateway.Options{}), "none": newTested(t, "", nil).Gateway} {
		if _, err := g.TestAuthorizer(t.Context(), name, gateway.AuthorizerTest{}); err == nil {
			t.Errorf("authorizer %q was tested", name)
		}
	}
}
