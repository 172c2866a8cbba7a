package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

func TestAuthorizer(t *testing.T) {
	t.Parallel()
	runCases(t, "authorizer")
}

// goldenEvent is a REQUEST event that AWS sent on 2026-09-24 (rest-authorizer 3, recorded), with its identifiers and the
// client's address replaced.
const goldenEvent = `{"type":"REQUEST","methodArn":"arn:aws:execute-api:us-east-1:000000000000:wuiz4sp30k/dev/GET/request0/item",
"resource":"/request0/{item}","path":"/request0/item","httpMethod":"GET",
"headers":{"Accept-Encoding":"identity","Host":"wuiz4sp30k.execute-api.us-east-1.amazonaws.com","User-Agent":"probe",
"X-Amzn-Trace-Id":"Root=1-ROOT","X-Auth":"allow-repeat-request0","X-Forwarded-For":"127.0.0.1","X-Forwarded-Port":"443","X-Forwarded-Proto":"https"},
"multiValueHeaders":{"Accept-Encoding":["identity"],"Host":["wuiz4sp30k.execute-api.us-east-1.amazonaws.com"],"User-Agent":["probe"],
"X-Amzn-Trace-Id":["Root=1-ROOT"],"X-Auth":["allow-repeat-request0"],"X-Forwarded-For":["127.0.0.1"],"X-Forwarded-Port":["443"],"X-Forwarded-Proto":["https"]},
"queryStringParameters":{"tenant":"one","extra":"changed"},"multiValueQueryStringParameters":{"tenant":["one"],"extra":["changed"]},
"pathParameters":{"item":"item"},"stageVariables":{"ProbeVar":"authorizer-probe"},
"requestContext":{"resourceId":"ID","resourcePath":"/request0/{item}","httpMethod":"GET","extendedRequestId":"EXTENDED=",
"requestTime":"24/Sep/2026:21:19:14 +0000","path":"/dev/request0/item","accountId":"000000000000","protocol":"HTTP/1.1","stage":"dev",
"domainPrefix":"wuiz4sp30k","requestTimeEpoch":1790284754108,"requestId":"UUID",
"identity":{"cognitoIdentityPoolId":null,"accountId":null,"cognitoIdentityId":null,"caller":null,"sourceIp":"127.0.0.1","principalOrgId":null,
"accessKey":null,"cognitoAuthenticationType":null,"cognitoAuthenticationProvider":null,"userArn":null,"userAgent":"probe","user":null},
"domainName":"wuiz4sp30k.execute-api.us-east-1.amazonaws.com","deploymentId":"ID","apiId":"wuiz4sp30k"}}`

// The golden event, once the identifiers are replaced: key for key, and the top level in AWS's order.
func TestRequestEventIsTheRecordedOne(t *testing.T) {
	t.Parallel()
	const routes = `
api: { id: wuiz4sp30k, stage: dev, accountId: "000000000000", stageVariables: { ProbeVar: authorizer-probe } }
authorizers:
  a: { type: REQUEST, function: authorizer, identitySource: [method.request.header.X-Auth, method.request.querystring.tenant], authorizerResultTtlInSeconds: 0 }
routes:
  GET /request0/{item}: { function: backend, authorizer: a }
`
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, &testCase{}, nil, readShared(t))
		gateway := emulatortest.Run(t, emulator.Routes(routes), r.functions(), nil)
		gateway.FastForward(time.Until(time.UnixMilli(1790284754108)))
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			"https://wuiz4sp30k.execute-api.us-east-1.amazonaws.com/dev/request0/item?tenant=one&extra=changed", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = http.Header{"Accept-Encoding": {"identity"}, "User-Agent": {"probe"}, "X-Auth": {"allow-repeat-request0"}}
		response, err := gateway.Client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("got %s", response.Status)
		}
		got := string(r.authorizer.events[0])
		for _, identifier := range []struct{ pattern, name string }{
			{`Root=1-[0-9a-f]{8}-[0-9a-f]{24}`, `Root=1-ROOT`},
			{`"(resourceId|deploymentId)":"[0-9a-z]{6,10}"`, `"$1":"ID"`},
			{`"extendedRequestId":"[A-Za-z0-9_/+-]{15}="`, `"extendedRequestId":"EXTENDED="`},
			{`"requestId":"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"`, `"requestId":"UUID"`},
		} {
			got = regexp.MustCompile(identifier.pattern).ReplaceAllString(got, identifier.name)
		}
		if diff := cmp.Diff(decodeJSON([]byte(goldenEvent)), decodeJSON([]byte(got))); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(memberOrder(t, goldenEvent), memberOrder(t, got)); diff != "" {
			t.Errorf("order of the members (-want +got):\n%s", diff)
		}
	})
}

// memberOrder returns the names of an object's members as they come.
func memberOrder(t *testing.T, object string) []string {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fmt.Sprint(name))
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// The vectors of rest-authorizer 10 through the gateway: A is GET /users/42, B the root.
func TestPolicyVectors(t *testing.T) {
	t.Parallel()
	const (
		routes = `
api: { id: abc123, stage: dev }
authorizers: { a: { function: authorizer, authorizerResultTtlInSeconds: 0 } }
defaultAuthorizer: a
routes: { GET /: backend, "GET /users/{id}": backend }
`
		api = "arn:aws:execute-api:us-east-1:123456789012:abc123/"
	)
	tests := []struct {
		resource string
		a, b     bool
		rule     string
	}{
		{api + "dev/GET/users/42", true, false, "8.3"},
		{api + "dev/GET/users", false, false, "8.3"},
		{api + "dev/GET/users/*", true, false, "8.2"},
		{api + "dev/GET/users/?2", true, false, "8.2"},
		{api + "dev/GET/users/{id}", false, false, "8.7"},
		{api + "dev/*/*", true, true, "8.2, a wildcard matches the empty path of the root"},
		{api + "dev/*", true, true, "8.5"},
		{api + "*", true, true, "8.5"},
		{"arn:aws:execute-api:*:*:*", true, true, "8.5"},
		{"arn:aws:execute-api:*", true, true, "8.5"},
		{"arn:aws:execute-api:**", true, true, "8.5"},
		{"*", true, true, "8.5"},
		{api + "dev/POST/*", false, false, "8.1"},
		{api + "prod/GET/*", false, false, "4.1"},
		{api + "dev/get/users/42", false, false, "8.8"},
		{api + "dev/GET/Users/42", false, false, "8.8"},
		{api + "*/GET/users/42", true, false, "8.2"},
		{api + "dev/*/42", true, false, "8.2, a wildcard spans slashes"},
		{api + "dev/GET/users.42", false, false, "8.7"},
		{api + "dev/GET/*/42", true, false, "8.4"},
		{api + "dev/GET/", false, true, "4.4"},
		{api + "dev/GET", false, false, "4.4"},
		{"arn:aws:execute-api:us-east-1:*:abc123/dev/GET/*", true, true, "8.5"},
		{"arn:aws:execute-api:eu-west-1:123456789012:abc123/dev/GET/*", false, false, "8.1"},
		{"arn:aws:execute-api:us-east-1:210987654321:abc123/dev/GET/*", false, false, "8.1"},
	}
	common := readShared(t)
	for _, test := range tests {
		t.Run(test.resource, func(t *testing.T) {
			t.Parallel()
			answer := fmt.Sprintf(`{"principalId":"u","policyDocument":{"Version":"2012-10-17",`+
				`"Statement":[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":%q}]}}`, test.resource)
			r := newRunner(t, &testCase{Authorizer: []reply{{Answer: answer}}}, nil, common)
			r.gateway = emulatortest.Run(t, emulator.Routes(routes), r.functions(), nil)
			for target, allowed := range map[string]bool{"/dev/users/42": test.a, "/dev/": test.b} {
				want := outcome{Like: "implicit deny"}
				if allowed {
					want.Like = "ok"
				}
				if !r.send(&step{Send: "GET " + target, Headers: []string{"Authorization: a"}, Answer: want}) {
					t.Errorf("rest-authorizer %s (documented)", test.rule)
				}
			}
		})
	}
}

// roundTrip answers for the endpoint of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Functions that cannot be invoked: no permission, no function, no connection (rest-authorizer 6.7, 6.11, 13, recorded).
func TestFunctionsThatCannotBeInvoked(t *testing.T) {
	t.Parallel()
	const routes = `
api: { stage: dev }
functions:
  far-authorizer: { url: "http://lambda.test/2015-03-31/functions/authorizer/invocations" }
  far-backend: { url: "http://lambda.test/2015-03-31/functions/backend/invocations" }
authorizers:
  far: { function: far-authorizer }
  near: { function: authorizer }
routes:
  GET /guarded: { function: backend, authorizer: far }
  GET /backend: { function: far-backend, authorizer: near }
`
	answer := func(status int, header http.Header, body string) roundTrip {
		return func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		}
	}
	raised := http.Header{"X-Amz-Function-Error": {"Unhandled"}}
	tests := []struct {
		name      string
		transport roundTrip
		want      string
	}{
		{name: "no permission", transport: answer(http.StatusForbidden, nil, `{"Message":"not authorized"}`), want: "configuration error"},
		{name: "no function", transport: answer(http.StatusNotFound, nil, `{"Message":"Function not found"}`), want: "configuration error"},
		{name: "throttled", transport: answer(http.StatusTooManyRequests, nil, `{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}`), want: "configuration error"},
		{name: "a fault of the service", transport: answer(http.StatusInternalServerError, nil, `{"Message":"sorry"}`), want: "configuration error"},
		{
			name: "no connection", want: "configuration error",
			transport: func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") },
		},
		{name: "it raises", transport: answer(http.StatusOK, raised, `{"errorMessage":"no","errorType":"E"}`), want: "configuration error"},
		{name: "it raises Unauthorized", transport: answer(http.StatusOK, raised, `{"errorMessage":"Unauthorized","errorType":"Error","trace":["x"]}`), want: "unauthorized"},
		{name: "it cannot be imported", transport: answer(http.StatusOK, raised, `{"errorMessage":"Unable to import module","errorType":"Runtime.ImportModuleError","stackTrace":[]}`), want: "configuration error"},
	}
	common := readShared(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t, &testCase{}, nil, common)
			r.gateway = emulatortest.Run(t, emulator.Routes(routes), r.functions(), &emulator.Options{Transport: test.transport})
			r.send(&step{Send: "GET /dev/guarded", Headers: []string{"Authorization: a"}, Answer: outcome{Like: test.want}, Cache: "miss"})
		})
	}
	t.Run("a backend without permission", func(t *testing.T) {
		t.Parallel()
		r := newRunner(t, &testCase{}, nil, common)
		r.gateway = emulatortest.Run(t, emulator.Routes(routes), r.functions(), &emulator.Options{Transport: tests[0].transport})
		got := r.gateway.Get("/dev/backend", "Authorization", "a")
		if want := `500 {"message": "Internal server error"}`; got.String() != want || got.Header.Get("X-Amzn-Errortype") != "InternalServerErrorException" {
			t.Errorf("got %s %s, want %s (recorded)", got, got.Header.Get("X-Amzn-Errortype"), want)
		}
		if count := r.authorizer.count(); count != 1 {
			t.Errorf("the authorizer was called %d times", count)
		}
	})
}

// Authorizers written with aws-lambda-go's types, as they are deployed (rest-authorizer 3.18).
func TestAuthorizersInGo(t *testing.T) {
	t.Parallel()
	const routes = `
api: { id: abc123, stage: dev, stageVariables: { table: pets } }
authorizers:
  token: { function: token }
  request: { type: REQUEST, function: request, identitySource: [method.request.querystring.key, stageVariables.table] }
routes:
  GET /token/{id}: { function: backend, authorizer: token }
  GET /request/{id}: { function: backend, authorizer: request }
`
	policy := func(principal, resource string, context map[string]any) (events.APIGatewayCustomAuthorizerResponse, error) {
		return events.APIGatewayCustomAuthorizerResponse{
			PrincipalID: principal, Context: context,
			PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{
				Version:   "2012-10-17",
				Statement: []events.IAMPolicyStatement{{Action: []string{"execute-api:Invoke"}, Effect: "Allow", Resource: []string{resource}}},
			},
		}, nil
	}
	functions := emulator.Functions{
		"token": emulator.Func(func(_ context.Context, e events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
			if e.AuthorizationToken == "expired" {
				return events.APIGatewayCustomAuthorizerResponse{}, errors.New("Unauthorized")
			}
			return policy(e.Type+" "+e.AuthorizationToken, e.MethodArn, nil)
		}),
		"request": emulator.Func(func(_ context.Context, e events.APIGatewayCustomAuthorizerRequestTypeRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
			return policy(e.Type+" "+e.QueryStringParameters["key"], e.MethodArn, map[string]any{"id": e.PathParameters["id"], "table": e.StageVariables["table"], "n": 1})
		}),
		"backend": emulator.Func(func(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			delete(e.RequestContext.Authorizer, "integrationLatency")
			return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: fmt.Sprint(e.RequestContext.Authorizer)}, nil
		}),
	}
	gateway := emulatortest.Run(t, emulator.Routes(routes), functions, nil)
	for _, test := range []struct{ target, token, want string }{
		{"/dev/token/1", "a", "200 map[principalId:TOKEN a]"},
		{"/dev/token/1", "expired", `401 {"message":"Unauthorized"}`},
		{"/dev/token/2", "a", `403 {"Message":"User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action"}`},
		{"/dev/request/7?key=k", "", "200 map[id:7 n:1 principalId:REQUEST k table:pets]"},
	} {
		if got := gateway.Get(test.target, "Authorization", test.token); got.String() != test.want {
			t.Errorf("%s %s: got %s, want %s", test.target, test.token, got, test.want)
		}
	}
}

// A method ARN has a limit of 1600 bytes (rest-authorizer 4.11, documented; who is called is inferred).
func TestMethodARNLimit(t *testing.T) {
	t.Parallel()
	const routes = `
api: { id: abc123, stage: dev }
authorizers: { a: { type: REQUEST, function: authorizer, authorizerResultTtlInSeconds: 0 } }
defaultAuthorizer: a
routes: { "GET /files/{path+}": backend }
`
	const prefix = "arn:aws:execute-api:us-east-1:123456789012:abc123/dev/GET/files/"
	r := newRunner(t, &testCase{}, nil, readShared(t))
	r.gateway = emulatortest.Run(t, emulator.Routes(routes), r.functions(), nil)
	fits := strings.Repeat("x", 1600-len(prefix))
	if got := r.gateway.Get("/dev/files/" + fits); got.Status != http.StatusOK || len(got.Trace.MethodARN) != 1600 {
		t.Errorf("an ARN of %d bytes: got %s", len(got.Trace.MethodARN), got)
	}
	if got := r.gateway.Get("/dev/files/" + fits + "x"); got.Status != http.StatusRequestURITooLong ||
		!strings.Contains(got.Body, "Request URI too long") || got.Trace.Code != trace.LimitMethodARN {
		t.Errorf("an ARN of %d bytes: got %s %s, want 414 Request URI too long", len(got.Trace.MethodARN), got, got.Trace.Code)
	}
	if count := r.authorizer.count(); count != 1 {
		t.Errorf("the authorizer was called %d times, want 1", count)
	}
}
