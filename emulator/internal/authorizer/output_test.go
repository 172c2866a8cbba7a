package authorizer_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

func ExampleParse() {
	result, _ := authorizer.Parse([]byte(`{"principalId":"user","policyDocument":` + document + `,"context":{"tier":7}}`))
	verdict, _ := result.Policy.Decide(&policy.Request{Resource: methodARN})
	fmt.Println(verdict, result.PrincipalID, string(result.BackendContext(0)))
	_, refusal := authorizer.Parse([]byte(`{"isAuthorized":true}`))
	fmt.Println(refusal)
	// Output:
	// Allow user {"tier":"7","principalId":"user","integrationLatency":0}
	// authorizer.output_invalid: the answer has the key "isAuthorized", which is none of principalId, policyDocument, context and usageIdentifierKey
}

func TestParse(t *testing.T) {
	t.Parallel()
	type read struct {
		Principal, UsageKey string
		Context             []string
		Warnings            []string
	}
	tests := []struct {
		name, answer string
		want         read
	}{
		{name: "the least", answer: answer, want: read{Principal: "user"}},
		{
			name:   "everything",
			answer: `{"usageIdentifierKey":"key-1","context":{"b":"x","a":null},"policyDocument":` + document + `,"principalId":"user"}`,
			want:   read{Principal: "user", UsageKey: "key-1", Context: []string{`b="x"`, `a=null`}},
		},
		{name: "null for nothing", answer: `{"principalId":"user","policyDocument":` + document + `,"context":null,"usageIdentifierKey":null}`, want: read{Principal: "user"}},
		{name: "numbers for text", answer: `{"principalId":42,"policyDocument":` + document + `,"usageIdentifierKey":1.50}`, want: read{Principal: "42", UsageKey: "1.50"}},
		{name: "no principal", answer: `{"policyDocument":` + document + `}`, want: read{Warnings: []string{"the answer has no principalId; AWS's documentation requires one"}}},
		{name: "a null principal", answer: `{"principalId":null,"policyDocument":` + document + `}`, want: read{Warnings: []string{"the answer has no principalId; AWS's documentation requires one"}}},
		{name: "an empty principal", answer: `{"principalId":"","policyDocument":` + document + `}`},
		{
			name:   "hidden names",
			answer: `{"principalId":"user","policyDocument":` + document + `,"context":{"principalId":{},"integrationLatency":1}}`,
			want:   read{Principal: "user", Warnings: []string{"context.principalId is hidden by API Gateway's own value", "context.integrationLatency is hidden by API Gateway's own value"}},
		},
		{name: "the last of two policies", answer: `{"policyDocument":null,"principalId":"user","policyDocument":` + document + `}`, want: read{Principal: "user"}},
		{name: "no statements", answer: `{"principalId":"user","policyDocument":{"Version":"2012-10-17","Statement":[]}}`, want: read{Principal: "user"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, refusal := authorizer.Parse([]byte(tt.answer))
			if refusal != nil {
				t.Fatal(refusal)
			}
			got := read{Principal: r.PrincipalID, UsageKey: r.UsageIdentifierKey, Warnings: r.Warnings}
			for _, v := range r.Context {
				got.Context = append(got.Context, v.Name+"="+string(v.Value))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || r.Policy == nil {
				t.Errorf("policy %v, (-want +got):\n%s", r.Policy, diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const output, contextual, policies = trace.AuthorizerOutputInvalid, trace.AuthorizerContextInvalid, trace.AuthorizerPolicyInvalid
	tests := []struct {
		name, answer string
		code         trace.Code
		reason, hint string // the reason from its start, a part of the hint
	}{
		{name: "nothing", answer: "", code: output, reason: "the answer is empty, not a JSON object"},
		{name: "null", answer: "null", code: output, reason: "the answer is null, not a JSON object"},
		{name: "a list", answer: "[]", code: output, reason: "the answer is a list, not a JSON object"},
		{name: "text", answer: `"Allow"`, code: output, reason: "the answer is text, not a JSON object"},
		{name: "no JSON", answer: "Allow", code: output, reason: "the answer is not JSON"},
		{name: "two answers", answer: answer + answer, code: output, reason: "something follows the JSON object"},
		{name: "an empty object", answer: "{}", code: output, reason: "the answer has no policyDocument"},
		{name: "a null policy", answer: `{"policyDocument":null}`, code: output, reason: "the answer has no policyDocument"},
		{name: "a policy as text", answer: `{"policyDocument":"{}"}`, code: policies, reason: "the policyDocument cannot be used: "},
		{name: "a policy in lower case", answer: `{"policyDocument":{"version":"2012-10-17","statement":[]}}`, code: policies, reason: "the policyDocument cannot be used: "},
		{name: "a null Condition", answer: `{"policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":null}]}}`, code: policies, reason: "the policyDocument cannot be used: "},
		{name: "PolicyDocument", answer: `{"PolicyDocument":{}}`, code: output, reason: `the answer has the key "PolicyDocument", which is none of principalId, policyDocument, context and usageIdentifierKey, did you mean "policyDocument"?`},
		{name: "isAuthorized", answer: `{"isAuthorized":true}`, code: output, reason: `the answer has the key "isAuthorized"`, hint: "the simple response of HTTP APIs"},
		{name: "an HTTP response", answer: `{"statusCode":401}`, code: output, reason: `the answer has the key "statusCode"`, hint: "raise an error whose text is Unauthorized"},
		{name: "an error", answer: `{"errorMessage":"unauthorized"}`, code: output, reason: `the answer has the key "errorMessage"`, hint: "only the error text Unauthorized, exactly"},
		{name: "an error in place of a text", answer: `{"errorMessage":{"Unauthorized":1}}`, code: output, reason: `the answer has the key "errorMessage"`},
		{name: "a principal that is no text", answer: `{"principalId":{},"policyDocument":` + document + `}`, code: output, reason: "principalId is an object, not text"},
		{name: "a usage key that is no text", answer: `{"usageIdentifierKey":[],"policyDocument":` + document + `}`, code: output, reason: "usageIdentifierKey is a list, not text"},
		{name: "a context that is no object", answer: `{"context":"a","policyDocument":` + document + `}`, code: contextual, reason: "context is text, not an object"},
		{name: "an object in the context", answer: `{"context":{"a":{}},"policyDocument":` + document + `}`, code: contextual, reason: "context.a is an object; only text, numbers, booleans and null are allowed, so encode it as JSON text"},
		{name: "a list in the context", answer: `{"context":{"a":[]},"policyDocument":` + document + `}`, code: contextual, reason: "context.a is a list; only text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, refusal := authorizer.Parse([]byte(tt.answer))
			if refusal == nil {
				t.Fatal("not refused")
			}
			if refusal.Type != apigw.AuthorizerConfigurationError || refusal.Code != tt.code || !strings.HasPrefix(refusal.Reason, tt.reason) || !strings.Contains(refusal.Hint, tt.hint) {
				t.Errorf("got %s %s: %s (%s)", refusal.Type, refusal.Code, refusal.Reason, refusal.Hint)
			}
		})
	}
}

// Whatever a function answers, there is a result with a policy or a refusal with a code, and the backend's context is JSON.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		answer, `{"principalId":1,"policyDocument":` + document + `,"context":{"a":null,"b":1e3,"\u2028":"<"},"usageIdentifierKey":true}`,
		`{"errorMessage":"Unauthorized"}`, `{"policyDocument":{}}`, `null`, ``, `{"policyDocument":` + document + `,"context":{"a":{}}}`,
		`{"policyDocument":` + document + `,"context":{"principalId":"x","a":"\ud800"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		result, refusal := authorizer.Parse(data)
		if refusal != nil {
			if result != nil || refusal.Code == "" || refusal.Reason == "" {
				t.Errorf("refused with %+v and the result %v", refusal, result)
			}
			return
		}
		if result.Policy == nil {
			t.Fatal("a result without a policy")
		}
		var backend map[string]any
		if err := json.Unmarshal(result.BackendContext(1), &backend); err != nil {
			t.Fatalf("%v: %s", err, result.BackendContext(1))
		}
		if backend["integrationLatency"] != 1.0 || backend["principalId"] != nil && backend["principalId"] != strings.ToValidUTF8(result.PrincipalID, "\ufffd") {
			t.Errorf("the gateway's own values are hidden: %v", backend)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data := []byte(`{"principalId":"user","policyDocument":` + document + `,"context":{"tier":"gold","tenant":7}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, refusal := authorizer.Parse(data); refusal != nil {
			b.Fatal(refusal)
		}
	}
}

func BenchmarkBackendContext(b *testing.B) {
	result, refusal := authorizer.Parse([]byte(`{"principalId":"user","policyDocument":` + document + `,"context":{"tier":"gold","tenant":7}}`))
	if refusal != nil {
		b.Fatal(refusal)
	}
	b.ReportAllocs()
	for b.Loop() {
		result.BackendContext(0)
	}
}
