package authorizer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/authorizer"
)

func TestMock(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text  string
		want        string // what events have
		key         string
		wantProblem string
	}{
		{name: "the context itself", text: `{"principalId":"me","a":"b"}`, want: `{"a":"b","principalId":"me","integrationLatency":0}`},
		{name: "an empty one", text: "{}", want: `{"integrationLatency":0}`},
		{name: "a byte order mark", text: "\ufeff{}\n", want: `{"integrationLatency":0}`},
		{name: "values become text", text: `{"a":1.0,"b":1e3,"c":true,"d":null}`, want: `{"a":"1.0","b":"1e3","c":"true","d":null,"integrationLatency":0}`},
		{name: "a key for usage in a context is the context's", text: `{"usageIdentifierKey":"k"}`, want: `{"usageIdentifierKey":"k","integrationLatency":0}`},
		{
			name: "an answer", text: `{"principalId":7,"context":{"a":2},"policyDocument":null,"usageIdentifierKey":"k"}`, key: "k",
			want: `{"a":"2","principalId":"7","integrationLatency":0}`,
		},
		{name: "an answer without a context", text: `{"policyDocument":{}}`, want: `{"integrationLatency":0}`},
		{name: "a context named context", text: `{"context":"x"}`, want: `{"context":"x","integrationLatency":0}`},
		{
			name: "an object", text: `{"claims":{}}`,
			wantProblem: "context.claims is an object; only text, numbers, booleans and null are allowed, so encode it as JSON text",
		},
		{
			name: "a list in an answer", text: `{"context":{"a":[]}}`,
			wantProblem: "context.a is a list; only text, numbers, booleans and null are allowed, so encode it as JSON text",
		},
		{name: "a principal that is none", text: `{"principalId":[]}`, wantProblem: "principalId is a list, not text"},
		{
			name: "an answer with a key too many", text: `{"principal":"me","context":{}}`,
			wantProblem: `the answer has the key "principal", which is none of principalId, policyDocument, context and usageIdentifierKey, did you mean "principalId"?`,
		},
		{name: "a list", text: "[]", wantProblem: "the answer is a list, not a JSON object"},
		{name: "nothing", text: "", wantProblem: "the answer is empty, not a JSON object"},
		{name: "half of it", text: `{"a":`, wantProblem: "the answer is not JSON: unexpected EOF"},
		{name: "more than it", text: "{} {}", wantProblem: "something follows the JSON object"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			mock, err := authorizer.Mock([]byte(test.text))
			if err != nil {
				if diff := cmp.Diff(test.wantProblem, err.Error()); diff != "" {
					t.Errorf("problem (-want +got):\n%s", diff)
				}
				return
			}
			if diff := cmp.Diff(test.want, string(mock.BackendContext(0))); diff != "" || test.wantProblem != "" {
				t.Errorf("want the problem %q, got (-want +got):\n%s", test.wantProblem, diff)
			}
			if mock.UsageIdentifierKey != test.key {
				t.Errorf("got the key %q, want %q", mock.UsageIdentifierKey, test.key)
			}
		})
	}
}
