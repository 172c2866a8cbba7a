package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"gatewayd/handlers"
	"gatewayd/handlers/authpolicy"
)

type (
	tokenAuthorizer   = func(context.Context, events.APIGatewayCustomAuthorizerRequest) (authpolicy.Response, error)
	requestAuthorizer = func(context.Context, events.APIGatewayCustomAuthorizerRequestTypeRequest) (authpolicy.Response, error)
	proxyFunction     = func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)
)

const methodARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/GET/pets"

// function is a function of a fresh set.
func function[F any](t testing.TB, o handlers.Options, name string) F {
	t.Helper()
	f, ok := handlers.New(o)[name].(F)
	if !ok {
		t.Fatalf("%s is not a %T", name, f)
	}
	return f
}

// environment is a Getenv of its own.
func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// decision is the effect of a policy for every method of the API of methodARN, or what else it is.
func decision(response authpolicy.Response, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	if len(response.PolicyDocument.Statement) != 1 {
		return fmt.Sprint(response.PolicyDocument.Statement)
	}
	statement := response.PolicyDocument.Statement[0]
	if !slices.Equal(statement.Resource, []string{"arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/*/*"}) {
		return fmt.Sprint(statement)
	}
	return string(statement.Effect)
}

func TestNames(t *testing.T) {
	t.Parallel()
	want := []string{
		"allow-token", "create-user", "echo", "jwt-hs256", "jwt-rs256", "list-users", "login", "pets", "refresh-token",
		"request-parameters", "say-hello",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(handlers.New(handlers.Options{})))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a function answers as deployed: JSON in, JSON out, through aws-lambda-go.
func TestAsDeployed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, event, want string
	}{
		{
			name:  "allow-token",
			event: `{"type":"TOKEN","methodArn":"` + methodARN + `","authorizationToken":"allow"}`,
			want: `{"principalId":"user|a1b2c3d4","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Allow",` +
				`"Resource":["arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/*/*"]}]},` +
				`"context":{"bool":true,"key":"value","number":1}}`,
		},
		{
			name: "request-parameters",
			event: `{"type":"REQUEST","methodArn":"` + methodARN + `","headers":{"x-tenant":"acme"},` +
				`"queryStringParameters":{"key":"acme-0123456789abcdef"},"stageVariables":{"table":"pets"}}`,
			want: `{"principalId":"acme","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Allow",` +
				`"Resource":["arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/*/*"]}]},` +
				`"context":{"table":"pets","tenant":"acme"},"usageIdentifierKey":"acme-0123456789abcdef"}`,
		},
		{
			name:  "say-hello",
			event: `{"resource":"/sayhello","httpMethod":"GET","headers":null,"body":null}`,
			want: `{"statusCode":200,"headers":{"Content-Type":"application/json"},"multiValueHeaders":null,` +
				`"body":"\"Hello from Lambda!\""}`,
		},
		{
			name:  "echo",
			event: `{"httpMethod":"GET","queryStringParameters":null,"unknown":[1.0,1e3]}`,
			want: `{"statusCode":200,"headers":{"Content-Type":"application/json"},"multiValueHeaders":null,` +
				`"body":"{\"httpMethod\":\"GET\",\"queryStringParameters\":null,\"unknown\":[1.0,1e3]}"}`,
		},
		{
			name:  "pets",
			event: `{"resource":"/pets/{petId}","httpMethod":"GET","pathParameters":{"petId":"1"}}`,
			want: `{"statusCode":200,"headers":{"Content-Type":"application/json"},"multiValueHeaders":null,` +
				`"body":"{\"id\":1,\"type\":\"dog\",\"price\":249.99}"}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			deployed := lambda.NewHandler(handlers.New(handlers.Options{})[test.name])
			got, err := deployed.Invoke(t.Context(), []byte(test.event))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, strings.TrimSpace(string(got))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllowToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, token, arn, want string
	}{
		{"allow", "allow", methodARN, "Allow"},
		{"anything else", "deny", methodARN, "Deny"},
		{"nothing", "", methodARN, "Deny"},
		{"upper case", "Allow", methodARN, "Deny"},
		{"with a space", "allow ", methodARN, "Deny"},
		{"no method ARN", "allow", "", `error: "": not the ARN of an API Gateway method`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			authorize := function[tokenAuthorizer](t, handlers.Options{}, "allow-token")
			event := events.APIGatewayCustomAuthorizerRequest{Type: "TOKEN", AuthorizationToken: test.token, MethodArn: test.arn}
			if got := decision(authorize(t.Context(), event)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// But for the token "allow", the answer is the blueprint's own.
func TestAllowTokenIsTheBlueprint(t *testing.T) {
	t.Parallel()
	recorded, err := os.ReadFile("authpolicy/testdata/aws/blueprints.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(recorded) {
		var c struct {
			Source string
			Event  events.APIGatewayCustomAuthorizerRequest
			Reply  any
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		if c.Event.AuthorizationToken == "allow" {
			continue
		}
		response, err := function[tokenAuthorizer](t, handlers.Options{}, "allow-token")(t.Context(), c.Event)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(response)
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.Reply, got); diff != "" {
			t.Errorf("%s, token %q (-want +got):\n%s", c.Source, c.Event.AuthorizationToken, diff)
		}
	}
}

func TestRequestParameters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, header, tenant, key, table, want string
	}{
		{"the tenant's key", "X-Tenant", "acme", "acme-1", "pets", "Allow"},
		{"another spelling", "x-TENANT", "acme", "acme-1", "pets", "Allow"},
		{"another tenant's key", "X-Tenant", "acme", "globex-1", "pets", "Deny"},
		{"only the prefix", "X-Tenant", "acme", "acme-", "pets", "Deny"},
		{"no hyphen", "X-Tenant", "acme", "acme1", "pets", "Deny"},
		{"a name that cannot be", "X-Tenant", "ac me", "ac me-1", "pets", "Deny"},
		{"too long a name", "X-Tenant", strings.Repeat("a", 65), strings.Repeat("a", 65) + "-1", "pets", "Deny"},
		{"no tenant", "X-Tenant", "", "-1", "pets", "error: Unauthorized"},
		{"another header", "Tenant", "acme", "acme-1", "pets", "error: Unauthorized"},
		{"no key", "X-Tenant", "acme", "", "pets", "error: Unauthorized"},
		{"no table", "X-Tenant", "acme", "acme-1", "", "error: Unauthorized"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			authorize := function[requestAuthorizer](t, handlers.Options{}, "request-parameters")
			event := events.APIGatewayCustomAuthorizerRequestTypeRequest{
				Type:                  "REQUEST",
				MethodArn:             methodARN,
				Headers:               map[string]string{test.header: test.tenant},
				QueryStringParameters: map[string]string{"key": test.key},
				StageVariables:        map[string]string{"table": test.table},
			}
			response, err := authorize(t.Context(), event)
			if got := decision(response, err); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if granted := response.Context != nil || response.UsageIdentifierKey != ""; granted != (test.want == "Allow") {
				t.Errorf("context %v and usage identifier key %q", response.Context, response.UsageIdentifierKey)
			}
		})
	}
}

// A header sent in two spellings is one header, always the same.
func TestRequestParametersSpellings(t *testing.T) {
	t.Parallel()
	authorize := function[requestAuthorizer](t, handlers.Options{}, "request-parameters")
	event := events.APIGatewayCustomAuthorizerRequestTypeRequest{
		MethodArn:             methodARN,
		Headers:               map[string]string{"x-tenant": "globex", "X-Tenant": "acme"},
		QueryStringParameters: map[string]string{"key": "acme-1"},
		StageVariables:        map[string]string{"table": "pets"},
	}
	for range 50 {
		if got := decision(authorize(t.Context(), event)); got != "Allow" {
			t.Fatalf("got %s, want Allow", got)
		}
	}
}

// A function that reads variables fails without them, saying which, and only then.
func TestMissingEnvironment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		function, event, want string
		set                   map[string]string
	}{
		{"jwt-hs256", `{}`, "environment variable SECRET_KEY is not set", nil},
		{"jwt-rs256", `{}`, "environment variable AUDIENCE is not set", map[string]string{"TOKEN_ISSUER": "i", "JWKS_URI": "u"}},
		{"jwt-rs256", `{}`, "environment variable TOKEN_ISSUER is not set\nenvironment variable AUDIENCE is not set\nenvironment variable JWKS_URI is not set", nil},
		{"create-user", `{"body":"{}"}`, "environment variable DATABASE_URL is not set", nil},
		{"login", `{"body":"{}"}`, "environment variable DATABASE_URL is not set", map[string]string{"SECRET_KEY": "k"}},
		{"login", `{"body":"{}"}`, "environment variable SECRET_KEY is not set", map[string]string{"DATABASE_URL": "file:x"}},
		{"refresh-token", `{"body":"{}"}`, "environment variable SECRET_KEY is not set", nil},
		{"list-users", `{}`, "environment variable DATABASE_URL is not set", nil},
	}
	for _, test := range tests {
		t.Run(test.function+" "+test.want, func(t *testing.T) {
			t.Parallel()
			functions := handlers.New(handlers.Options{Getenv: environment(test.set)})
			_, err := lambda.NewHandler(functions[test.function]).Invoke(t.Context(), []byte(test.event))
			if err == nil || err.Error() != test.want {
				t.Errorf("error = %v, want %s", err, test.want)
			}
		})
	}
}

func TestPets(t *testing.T) {
	t.Parallel()
	get := func(id string) events.APIGatewayProxyRequest {
		return events.APIGatewayProxyRequest{HTTPMethod: "GET", PathParameters: map[string]string{"petId": id}}
	}
	post := func(body string) events.APIGatewayProxyRequest {
		return events.APIGatewayProxyRequest{HTTPMethod: "POST", Body: body}
	}
	const (
		first = `{"id":1,"type":"dog","price":249.99},{"id":2,"type":"cat","price":124.99},{"id":3,"type":"fish","price":0.99}`
		rules = `{"message":"a pet has a type of up to 64 bytes and a price of at least 0"}`
	)
	steps := []struct {
		name   string
		event  events.APIGatewayProxyRequest
		status int
		body   string
	}{
		{"list", events.APIGatewayProxyRequest{HTTPMethod: "GET"}, 200, `[` + first + `]`},
		{"get", get("2"), 200, `{"id":2,"type":"cat","price":124.99}`},
		{"unknown", get("4"), 404, `{"message":"pet not found"}`},
		{"zero", get("0"), 404, `{"message":"pet not found"}`},
		{"no number", get("one"), 404, `{"message":"pet not found"}`},
		{"create", post(`{"type":"bird","price":5}`), 201, `{"id":4,"type":"bird","price":5}`},
		{"the identifier is ours", post(`{"id":1,"type":"cat","price":0}`), 201, `{"id":5,"type":"cat","price":0}`},
		{"created", get("4"), 200, `{"id":4,"type":"bird","price":5}`},
		{
			"base64",
			events.APIGatewayProxyRequest{HTTPMethod: "POST", Body: "eyJ0eXBlIjoiYW50In0=", IsBase64Encoded: true},
			201, `{"id":6,"type":"ant","price":0}`,
		},
		{"not base64", events.APIGatewayProxyRequest{HTTPMethod: "POST", Body: "{}", IsBase64Encoded: true}, 400, `{"message":"body is not base64"}`},
		{"no body", post(""), 400, `{"message":"body is not a pet in JSON"}`},
		{"no type", post(`{"price":1}`), 400, rules},
		{"too long a type", post(`{"type":"` + strings.Repeat("x", 65) + `"}`), 400, rules},
		{"negative price", post(`{"type":"dog","price":-1}`), 400, rules},
		{"a price in words", post(`{"type":"dog","price":"1"}`), 400, `{"message":"body is not a pet in JSON"}`},
		{"another method", events.APIGatewayProxyRequest{HTTPMethod: "PUT"}, 405, `{"message":"method not allowed"}`},
		{"list again", events.APIGatewayProxyRequest{HTTPMethod: "GET"}, 200, `[` + first + `,{"id":4,"type":"bird","price":5},{"id":5,"type":"cat","price":0},{"id":6,"type":"ant","price":0}]`},
	}
	pets := function[proxyFunction](t, handlers.Options{}, "pets")
	for _, step := range steps {
		got, err := pets(t.Context(), step.event)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got.StatusCode != step.status || got.Body != step.body {
			t.Errorf("%s: got %d %s, want %d %s", step.name, got.StatusCode, got.Body, step.status, step.body)
		}
	}
}

// However many clients create pets at once, each gets its own and the store stays bounded.
func TestPetsAtOnce(t *testing.T) {
	t.Parallel()
	pets := function[proxyFunction](t, handlers.Options{}, "pets")
	var mu sync.Mutex
	statuses := map[int]int{}
	identifiers := map[int]bool{}
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range 150 {
				got, err := pets(t.Context(), events.APIGatewayProxyRequest{HTTPMethod: "POST", Body: `{"type":"dog"}`})
				if err != nil {
					t.Error(err)
					return
				}
				var created struct{ ID int }
				if err := json.Unmarshal([]byte(got.Body), &created); err != nil {
					t.Error(err)
				}
				mu.Lock()
				statuses[got.StatusCode]++
				identifiers[created.ID] = true
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	if diff := cmp.Diff(map[int]int{201: 997, 507: 203}, statuses); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if len(identifiers) != 998 { // the 997 and the zero of those refused
		t.Errorf("%d identifiers, want 998", len(identifiers))
	}
}

// The client reads "Unauthorized" and nothing else; a program finds the cause.
func TestUnauthorizedHasCause(t *testing.T) {
	t.Parallel()
	authorize := function[requestAuthorizer](t, handlers.Options{}, "request-parameters")
	_, err := authorize(t.Context(), events.APIGatewayCustomAuthorizerRequestTypeRequest{MethodArn: methodARN})
	if err == nil || err.Error() != "Unauthorized" || errors.Unwrap(err) == nil {
		t.Errorf("error = %v with cause %v, want Unauthorized with a cause", err, errors.Unwrap(err))
	}
}
