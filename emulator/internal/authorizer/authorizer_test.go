package authorizer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

const (
	methodARN = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets"
	document  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"` + methodARN + `"}]}`
	answer    = `{"principalId":"user","policyDocument":` + document + `}`
)

// compile is an authorizer that answers every call with the same.
func compile(t testing.TB, definition apigw.Authorizer, answer string, err error) *authorizer.Authorizer {
	t.Helper()
	invoke := func(context.Context, string, []byte) ([]byte, error) { return []byte(answer), err }
	compiled, failure := authorizer.New(&definition, time.Second, invoke, authorizer.NewStore())
	if failure != nil {
		t.Fatal(failure)
	}
	return compiled
}

// token is a TOKEN authorizer by the Authorization header.
func token() apigw.Authorizer {
	return apigw.Authorizer{
		Name: "jwt", Type: apigw.TokenAuthorizer, Function: "jwt", ResultTTL: 300 * time.Second,
		IdentitySources: []apigw.IdentitySource{{Kind: apigw.HeaderSource, Name: "Authorization"}},
		Position:        apigw.Position{File: "routes.yaml", Line: 7, Column: 3},
	}
}

// bearer is a request with an Authorization header.
func bearer(value string) *event.Request {
	return &event.Request{
		Stage: &event.Stage{}, ID: "id-1", Method: "GET", ContextPath: "/dev/pets", MethodARN: methodARN,
		Headers: []event.Pair{{Name: "Authorization", Value: value}},
	}
}

func Example() {
	function := func(_ context.Context, _ string, event []byte) ([]byte, error) {
		fmt.Printf("called with %s\n", event)
		return []byte(answer), nil
	}
	definition := token()
	a, err := authorizer.New(&definition, 30*time.Second, function, authorizer.NewStore())
	if err != nil {
		fmt.Println(err)
		return
	}
	r, now := bearer("Bearer abc"), time.Unix(0, 0)
	id, _ := a.Identify(r)
	_, state := a.Cached(id, now)
	fmt.Println(state)
	result, _, _ := a.Call(context.Background(), r, id)
	a.Keep(id, result, now)
	kept, state := a.Cached(id, now.Add(299*time.Second))
	fmt.Println(state, kept.PrincipalID)
	_, state = a.Cached(id, now.Add(300*time.Second))
	fmt.Println(state)
	// Output:
	// cache.miss
	// called with {"type":"TOKEN","methodArn":"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets","authorizationToken":"Bearer abc"}
	// cache.hit user
	// cache.miss
}

func TestNewRefusesExpressions(t *testing.T) {
	t.Parallel()
	definition := token()
	definition.ValidationExpression = "("
	_, err := authorizer.New(&definition, time.Second, nil, authorizer.NewStore())
	if err == nil || !strings.HasPrefix(err.Error(), `authorizer "jwt": identityValidationExpression: `) {
		t.Errorf("got %v", err)
	}
	// A REQUEST authorizer's is ignored (rest-authorizer 2.1).
	definition.Type = apigw.RequestAuthorizer
	if _, err := authorizer.New(&definition, time.Second, nil, authorizer.NewStore()); err != nil {
		t.Error(err)
	}
}

func TestDescription(t *testing.T) {
	t.Parallel()
	store, definition := authorizer.NewStore(), token()
	a, err := authorizer.New(&definition, time.Second, nil, store)
	if err != nil {
		t.Fatal(err)
	}
	if a.Name() != "jwt" || a.Source() != "routes.yaml:7:3" || a.Results() != store || !a.Caches() {
		t.Errorf("got %q, %q, caches %t", a.Name(), a.Source(), a.Caches())
	}
}

// With a TTL of 0 nothing is looked up and nothing is kept, whatever is in the store.
func TestCacheOff(t *testing.T) {
	t.Parallel()
	definition := token()
	definition.ResultTTL = 0
	a := compile(t, definition, answer, nil)
	id, _ := a.Identify(bearer("abc"))
	now := time.Unix(0, 0)
	a.Results().Put("abc", &authorizer.Result{Written: now, Expires: now.Add(time.Hour)})
	if result, state := a.Cached(id, now); result != nil || state != trace.CacheOff {
		t.Errorf("got %v, %s", result, state)
	}
	a.Keep(id, &authorizer.Result{}, now)
	if a.Results().Len() != 1 || a.Caches() {
		t.Error("a result is kept")
	}
}

func TestCall(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer string
		err          error
		typ          apigw.ResponseType
		code         trace.Code
		reason, hint string // parts
	}{
		{name: "an answer", answer: answer},
		{name: "no answer", answer: "", typ: apigw.AuthorizerConfigurationError, code: trace.AuthorizerOutputInvalid, reason: `authorizer "jwt": the answer is empty`},
		{name: "Unauthorized", err: &authorizer.FunctionError{Message: "Unauthorized"}, typ: apigw.Unauthorized, code: trace.AuthorizerUnauthorized, reason: `function "jwt" said Unauthorized`},
		{name: "Unauthorized of another type", err: &authorizer.FunctionError{Type: "AuthError", Message: "Unauthorized"}, typ: apigw.Unauthorized, code: trace.AuthorizerUnauthorized},
		{name: "Unauthorized, wrapped", err: fmt.Errorf("invoke: %w", &authorizer.FunctionError{Message: "Unauthorized"}), typ: apigw.Unauthorized, code: trace.AuthorizerUnauthorized},
		{name: "Unauthorized as an answer", answer: `{"errorMessage":"Unauthorized","errorType":"Error"}`, typ: apigw.Unauthorized, code: trace.AuthorizerUnauthorized},
		{name: "unauthorized", err: &authorizer.FunctionError{Message: "unauthorized"}, typ: apigw.AuthorizerConfigurationError, code: trace.AuthorizerError, hint: `; "unauthorized" is not it`},
		{name: "Unauthorized and more", err: &authorizer.FunctionError{Type: "Error", Message: "Unauthorized: expired"}, typ: apigw.AuthorizerConfigurationError, code: trace.AuthorizerError, reason: `failed: Error: "Unauthorized: expired"`, hint: `; "Unauthorized: expired" is not it`},
		{name: "another error", err: &authorizer.FunctionError{Message: "boom"}, typ: apigw.AuthorizerConfigurationError, code: trace.AuthorizerError, reason: `failed: "boom"`, hint: "every other error is a 500"},
		{name: "an error whose text Go knows, not a function's", err: errors.New("Unauthorized"), typ: apigw.AuthorizerConfigurationError, code: trace.AuthorizerError, reason: "could not be called: Unauthorized"},
		{name: "its own timeout", err: &authorizer.FunctionError{Message: "Task timed out", Timeout: true}, typ: apigw.AuthorizerConfigurationError, code: trace.AuthorizerTimeout, reason: "did not answer in its own time: Task timed out"},
		{name: "the gateway's timeout", err: context.DeadlineExceeded, typ: apigw.AuthorizerConfigurationError, code: trace.AuthorizerTimeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, r := compile(t, token(), tt.answer, tt.err), bearer("abc")
			id, _ := a.Identify(r)
			result, call, refusal := a.Call(t.Context(), r, id)
			if string(call.Event) != `{"type":"TOKEN","methodArn":"`+methodARN+`","authorizationToken":"abc"}` || string(call.Answer) != tt.answer || !errors.Is(call.Err, tt.err) {
				t.Errorf("the call was %s, %s, %v", call.Event, call.Answer, call.Err)
			}
			if refusal == nil {
				if diff := cmp.Diff(authorizer.Writer{RequestID: "id-1", Method: "GET", Path: "/dev/pets"}, result.Writer); tt.code != "" || diff != "" {
					t.Errorf("not refused; the writer is (-want +got):\n%s", diff)
				}
				return
			}
			if result != nil || refusal.Type != tt.typ || refusal.Code != tt.code || !strings.Contains(refusal.Reason, tt.reason) || !strings.Contains(refusal.Hint, tt.hint) {
				t.Errorf("got %s %s: %s (%s)", refusal.Type, refusal.Code, refusal.Reason, refusal.Hint)
			}
		})
	}
}

// The function's time is bounded by the gateway's, counted from the call.
func TestCallTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		definition := token()
		wait := func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		a, err := authorizer.New(&definition, 30*time.Second, wait, authorizer.NewStore())
		if err != nil {
			t.Fatal(err)
		}
		r := bearer("abc")
		id, _ := a.Identify(r)
		_, call, refusal := a.Call(t.Context(), r, id)
		if refusal == nil || refusal.Code != trace.AuthorizerTimeout || call.Latency != 30*time.Second {
			t.Errorf("after %v: %v", call.Latency, refusal)
		}
	})
}

// A REQUEST authorizer gets the whole request, without a body (rest-authorizer 3.2, 3.16).
func TestCallOfRequestAuthorizer(t *testing.T) {
	t.Parallel()
	a, r := compile(t, apigw.Authorizer{Name: "tenant", Type: apigw.RequestAuthorizer}, answer, nil), bearer("abc")
	id, refusal := a.Identify(r)
	if refusal != nil {
		t.Fatal(refusal)
	}
	_, call, _ := a.Call(t.Context(), r, id)
	if diff := cmp.Diff(string(event.AuthorizerRequest(r)), string(call.Event)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBackendContext(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer string
		latency      time.Duration
		want         string
	}{
		{name: "a kept result", answer: answer, want: `{"principalId":"user","integrationLatency":0}`},
		{name: "less than a millisecond", answer: answer, latency: time.Nanosecond, want: `{"principalId":"user","integrationLatency":1}`},
		{name: "a millisecond", answer: answer, latency: time.Millisecond, want: `{"principalId":"user","integrationLatency":1}`},
		{name: "a little over 20 ms", answer: answer, latency: 20*time.Millisecond + 1, want: `{"principalId":"user","integrationLatency":21}`},
		{
			// rest-authorizer 5.16, seen on AWS.
			name: "context", answer: `{"principalId":"my-username","policyDocument":` + document + `,"context":{"str":"hello","bool":true,"null":null,"num":123}}`,
			want: `{"str":"hello","bool":"true","null":null,"num":"123","principalId":"my-username","integrationLatency":0}`,
		},
		{
			name:   "numbers as they are written",
			answer: `{"principalId":1,"policyDocument":` + document + `,"context":{"a":1.0,"b":1e3,"c":-0,"d":9007199254740993,"e":false}}`,
			want:   `{"a":"1.0","b":"1e3","c":"-0","d":"9007199254740993","e":"false","principalId":"1","integrationLatency":0}`,
		},
		{
			name:   "text that needs quotes, or does not",
			answer: `{"principalId":"\"\u2028","policyDocument":` + document + `,"context":{"\n":"\\","a&b":"<é>"}}`,
			want:   `{"\n":"\\","a&b":"<é>","principalId":"\"\u2028","integrationLatency":0}`,
		},
		{name: "an empty principal", answer: `{"principalId":"","policyDocument":` + document + `}`, want: `{"principalId":"","integrationLatency":0}`},
		{name: "no principal", answer: `{"policyDocument":` + document + `,"context":{}}`, want: `{"integrationLatency":0}`},
		{name: "the gateway's own names", answer: `{"principalId":"user","policyDocument":` + document + `,"context":{"principalId":"root","integrationLatency":"9"}}`, want: `{"principalId":"user","integrationLatency":0}`},
		{name: "a name twice", answer: `{"principalId":"user","policyDocument":` + document + `,"context":{"a":"1","a":"2"}}`, want: `{"a":"2","principalId":"user","integrationLatency":0}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			result, refusal := authorizer.Parse([]byte(tt.answer))
			if refusal != nil {
				t.Fatal(refusal)
			}
			got := result.BackendContext(tt.latency)
			if string(got) != tt.want || !json.Valid(got) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// authorized is a request that has a kept result, and the function that authorizes it once more.
func authorized(t testing.TB) func() {
	t.Helper()
	definition := token()
	definition.ValidationExpression = `^Bearer [-0-9a-zA-Z._]+$`
	a := compile(t, definition, answer, nil)
	r := bearer("Bearer " + strings.Repeat("eyJhbGciOi.", 16))
	id, refusal := a.Identify(r)
	if refusal != nil {
		t.Fatal(refusal.Reason)
	}
	now := time.Unix(1_790_284_754, 0)
	result, _, refusal := a.Call(t.Context(), r, id)
	if refusal != nil {
		t.Fatal(refusal.Reason)
	}
	a.Keep(id, result, now)
	room, asked := make([]trace.IdentitySource, 0, 1), &policy.Request{Resource: r.MethodARN}
	return func() {
		id, _ := a.IdentifyInto(r, room)
		kept, _ := a.Cached(id, now)
		if verdict, _ := kept.Policy.Decide(asked); verdict != policy.Allow {
			t.Errorf("the verdict is %v", verdict)
		}
	}
}

// A kept result authorizes without allocating. The test is not parallel: others would count.
func TestAllocationsOfAHit(t *testing.T) {
	if got := testing.AllocsPerRun(200, authorized(t)); got != 0 {
		t.Errorf("%v allocations, want none", got)
	}
}

// BenchmarkHit is what authorizing adds to a request whose identity has a kept result.
func BenchmarkHit(b *testing.B) {
	authorize := authorized(b)
	b.ReportAllocs()
	for b.Loop() {
		authorize()
	}
}
