package emulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

func ExampleEmulator_Explain() {
	e, err := emulator.New(emulator.Routes(petstore), emulator.Functions{
		"authorize": emulator.Func(authorize), "pets": emulator.Func(pets),
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	request, err := emulator.ExplainRequest{Path: "/dev/pets/7", Headers: http.Header{"Authorization": {"Bearer bad"}}}.HTTP(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	t := e.Explain(request)
	fmt.Println(t.Status, t.Code)
	fmt.Println(t.Reason)
	// Output:
	// 401 authorizer.unauthorized
	// authorizer "jwt": function "authorize" said Unauthorized
}

const explained = `
api: { name: test, id: a1b2c3d4e5, stage: dev }
authorizers:
  token: { function: auth }
  off: { function: auth, authorizerResultTtlInSeconds: 0 }
routes:
  GET /pets: { function: one, authorizer: token }
  GET /cats: { function: one, authorizer: token }
  GET /off: { function: one, authorizer: off }
  GET /open: one
`

// counted is an emulator whose authorizer allows GET of everything but cats, and how often its functions were called.
type counted struct {
	*emulatortest.Gateway
	authorizer, integration atomic.Int32
}

func newCounted(t *testing.T) *counted {
	t.Helper()
	c := &counted{}
	c.Gateway = emulatortest.Run(t, emulator.Routes(explained), emulator.Functions{
		"one": emulator.Func(func(context.Context, json.RawMessage) (json.RawMessage, error) {
			c.integration.Add(1)
			return json.RawMessage(`{"statusCode":200}`), nil
		}),
		"auth": emulator.Func(func(_ context.Context, event struct{ AuthorizationToken string }) (json.RawMessage, error) {
			c.authorizer.Add(1)
			if event.AuthorizationToken == "bad" {
				return json.RawMessage(`{"policyDocument":null}`), nil
			}
			return json.RawMessage(`{"principalId":"me","policyDocument":{"Version":"2012-10-17","Statement":[
				{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"arn:aws:execute-api:*:*:*/*/GET/cats"}]}}`), nil
		}),
	}, nil)
	return c
}

// explain explains a request and holds that this leaves nothing behind.
func (c *counted) explain(t *testing.T, path, token string) trace.Trace {
	t.Helper()
	traces, integrations := len(c.Traces(emulator.TraceFilter{})), c.integration.Load()
	kept, err := c.CachedResults("token")
	if err != nil {
		t.Fatal(err)
	}
	request := emulator.ExplainRequest{Method: http.MethodGet, Path: path}
	if token != "" {
		request.Headers = http.Header{"authorization": {token}}
	}
	r, err := request.HTTP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	explained := c.Explain(r)
	after, err := c.CachedResults("token")
	if err != nil || len(after) != len(kept) || c.integration.Load() != integrations || len(c.Traces(emulator.TraceFilter{})) != traces {
		t.Errorf("explaining left something behind: %d results, %d integrations, %d traces", len(after), c.integration.Load(), len(c.Traces(emulator.TraceFilter{})))
	}
	return explained
}

func TestExplain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, token string
		code              trace.Code
		allowed           bool
		reason            string
	}{
		{
			name: "allowed", path: "/dev/pets", token: "good", code: trace.PolicyAllow, allowed: true,
			reason: `allowed: the policy allows …/GET/pets; function "one" was not called`,
		},
		{
			name: "open", path: "/dev/open?a=b", code: trace.RouteOpen, allowed: true,
			reason: `allowed: no authorizer guards GET /open; function "one" was not called`,
		},
		{name: "without a cache", path: "/dev/off", token: "good", code: trace.PolicyAllow, allowed: true, reason: `allowed: the policy allows …/GET/off; function "one" was not called`},
		{name: "denied", path: "/dev/cats", token: "good", code: trace.PolicyExplicitDeny, reason: "explicit deny: statement 1 of the policy denies …/GET/cats"},
		{name: "no token", path: "/dev/pets", code: trace.IdentityMissing, reason: `authorizer "token" was not called: its identity source method.request.header.Authorization is absent`},
		{name: "a broken authorizer", path: "/dev/pets", token: "bad", code: trace.AuthorizerOutputInvalid, reason: `authorizer "token": the answer has no policyDocument`},
		{name: "no route", path: "/dev/dogs", code: trace.RouteNotFound, reason: `no route answers GET /dogs; AWS says so with "Missing Authentication Token"`},
		{name: "no stage", path: "/pets", code: trace.RouteUnknownStage, reason: `no stage answers /pets: the API's URLs start with /dev`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCounted(t)
			got := c.explain(t, tt.path, tt.token)
			if diff := cmp.Diff([]any{tt.code, tt.reason}, []any{got.Code, got.Reason}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.RequestID == "" || got.Duration <= 0 || got.Cache != nil && !got.Cache.Expires.IsZero() {
				t.Errorf("trace %+v", got)
			}
			// A request that is made ends alike.
			var headers []string
			if tt.token != "" {
				headers = []string{"Authorization", tt.token}
			}
			made := c.Get(tt.path, headers...)
			if tt.allowed {
				if got.Status != 0 || made.Status != http.StatusOK {
					t.Errorf("status %d, and %d when it is made", got.Status, made.Status)
				}
			} else if got.Status != made.Status || got.Code != made.Trace.Code || got.Reason != made.Trace.Reason || got.Hint != made.Trace.Hint {
				t.Errorf("got %d %s\nmade %d %s", got.Status, got.Code, made.Status, made.Trace.Code)
			}
		})
	}
}

// What an explanation sees is the cache as it is, and it takes nothing from it or adds to it.
func TestExplainSeesTheCache(t *testing.T) {
	t.Parallel()
	c := newCounted(t)
	for range 2 { // as nothing is stored, each is a miss
		if got := c.explain(t, "/dev/pets", "good"); got.Cache.State != trace.Miss {
			t.Errorf("cache %+v", got.Cache)
		}
	}
	if calls := c.authorizer.Load(); calls != 2 {
		t.Errorf("%d calls of the authorizer, want 2", calls)
	}
	writer := c.Get("/dev/pets", "Authorization", "good").Trace.RequestID
	got := c.explain(t, "/dev/cats", "good")
	if calls := c.authorizer.Load(); calls != 3 || got.Cache.State != trace.Hit || got.Cache.WrittenBy.RequestID != writer || got.Cache.Expires.IsZero() {
		t.Errorf("%d calls, cache %+v", calls, got.Cache)
	}
	if !strings.Contains(got.Reason, "of the policy cached 0 s ago by GET /dev/pets") {
		t.Errorf("reason %q", got.Reason)
	}
}

// A request from elsewhere keeps its address; one without has this machine's.
func TestExplainSourceIP(t *testing.T) {
	t.Parallel()
	g := emulatortest.Run(t, emulator.Routes(`
api: { stage: dev }
routes: { GET /open: one }
resourcePolicy:
  Version: "2012-10-17"
  Statement: [ { Effect: Allow, Principal: "*", Action: "*", Resource: "*", Condition: { IpAddress: { aws:SourceIp: 127.0.0.0/8 } } } ]
`), emulator.Functions{"one": answer("")}, nil)
	for address, want := range map[string]trace.Code{"": trace.RouteOpen, "127.0.0.9:1": trace.RouteOpen, "192.0.2.1:1": trace.ResourcePolicyImplicitDeny} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/dev/open", http.NoBody)
		r.RemoteAddr = address
		if got := g.Explain(r); got.Code != want || r.RemoteAddr != address {
			t.Errorf("%q: got %s, want %s", address, got.Code, want)
		}
	}
}

// An explanation says what the answer would be, and has no body: a model is not held against the lack of one.
func TestExplainAnswer(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.Routes(`
api: { stage: dev }
models: { Pet: { type: object } }
routes:
  POST /pets: { function: pets, requestValidator: ALL, requestParameters: { method.request.querystring.q: true }, requestModels: { application/json: Pet } }
  GET /pets: { function: pets, requestValidator: BODY, requestModels: { application/json: Pet } }
gatewayResponses: { BAD_REQUEST_PARAMETERS: { statusCode: 422 } }
`), emulator.Functions{"pets": emulator.Func(pets)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		method, path string
		status       int
		code         trace.Code
		hint         string
	}{
		{method: http.MethodPost, path: "/dev/pets", status: 422, code: trace.RequestParameters},
		{method: http.MethodPost, path: "/dev/pets?q=1", code: trace.RouteOpen},
		{method: http.MethodGet, path: "/dev/pets", status: 400, code: trace.RequestBody},
		{method: http.MethodOptions, path: "/dev/pets", status: 403, code: trace.RouteNotFound, hint: "nothing answers OPTIONS here"},
	} {
		request, err := emulator.ExplainRequest{Method: test.method, Path: test.path, Headers: http.Header{
			"Origin": {"https://app.example"}, "Access-Control-Request-Method": {"POST"},
		}}.HTTP(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Explain(request); got.Status != test.status || got.Code != test.code || !strings.Contains(got.Hint, test.hint) {
			t.Errorf("%s %s: got %d %s %s", test.method, test.path, got.Status, got.Code, got.Hint)
		}
	}
}
