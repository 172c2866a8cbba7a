package trace_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/trace"
)

func ExampleTrace_Mask() {
	tr := trace.Trace{Steps: []trace.Step{{Detail: trace.IdentityDetail{Sources: []trace.IdentitySource{
		{Source: "method.request.header.X-Key", Value: "Key 0123456789abcdef", Found: true},
	}}}}}
	fmt.Println(tr.Mask(`the key "0123456789abcdef" has expired`))
	// Output: the key "********abcdef" has expired
}

// What a request brought for an identity source is a secret wherever it occurs, whatever the header is called.
func TestIdentityIsMaskedEverywhere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, source, value string
		event               string // of the function
		want                string
	}{
		{
			name: "a header of any name", source: "method.request.header.X-Whatever", value: secret,
			event: `{"headers":{"x-whatever":"` + secret + `","Accept":"*/*"},"multiValueHeaders":{"x-whatever":["` + secret + `"]}}`,
			want:  `{"headers":{"Accept":"*/*","x-whatever":"********tail99"},"multiValueHeaders":{"x-whatever":["********tail99"]}}`,
		},
		{
			name: "a query parameter", source: "method.request.querystring.key", value: secret,
			event: `{"queryStringParameters":{"key":"` + secret + `","Key":"shown"},"multiValueQueryStringParameters":{"key":["` + secret + `"]}}`,
			want:  `{"multiValueQueryStringParameters":{"key":["********tail99"]},"queryStringParameters":{"Key":"shown","key":"********tail99"}}`,
		},
		{
			name: "a short value", source: "method.request.header.X-Tenant", value: "acme",
			event: `{"headers":{"X-Tenant":"acme","Referer":"acme"},"multiValueHeaders":{"X-Tenant":["acme","b"]},"path":"/acme"}`,
			want:  `{"headers":{"Referer":"acme","X-Tenant":"********"},"multiValueHeaders":{"X-Tenant":["********","********"]},"path":"/acme"}`,
		},
		{
			name: "several values", source: "method.request.multivalueheader.X-Key", value: "first-" + secret + ",other-" + secret,
			event: `{"multiValueHeaders":{"x-key":["first-` + secret + `","other-` + secret + `"]},"body":"other-` + secret + `"}`,
			want:  `{"body":"********tail99","multiValueHeaders":{"x-key":["********tail99","********tail99"]}}`,
		},
		{
			name: "without its scheme", source: "method.request.header.X-Auth", value: "Token " + secret,
			event: `{"a":"` + secret + `","b":["Token ` + secret + `"],"c":{"d":"x ` + secret + ` y"}}`,
			want:  `{"a":"********tail99","b":["********tail99"],"c":{"d":"x ********tail99 y"}}`,
		},
		{
			name: "in a pair", source: "method.request.header.X-Auth", value: "session=" + secret + "; theme=dark",
			event: `{"a":"` + secret + `","b":"dark"}`, want: `{"a":"********tail99","b":"dark"}`,
		},
		{
			name: "with what JSON escapes, within JSON", source: "method.request.header.X-Auth", value: `say-"hunter2"<&>`,
			event: `{"a":"{\"b\":\"say-\\\"hunter2\\\"\\u003c\\u0026\\u003e\"}","c":"say-\"hunter2\"<&>"}`,
			want:  `{"a":"{\"b\":\"********\\u003e\"}","c":"********r2\"\u003c\u0026\u003e"}`,
		},
		{
			name: "a stage variable, which nobody sent", source: "stageVariables.table", value: "production-table",
			event: `{"stageVariables":{"table":"production-table"}}`, want: `{"stageVariables":{"table":"production-table"}}`,
		},
		{
			name: "names of members, numbers and order stay", source: "method.request.header.X-Auth", value: "requestId-1234",
			event: `{"requestId-1234":1.50,"b":null,"c":true,"d":[],"e":{}}`, want: `{"b":null,"c":true,"d":[],"e":{},"requestId-1234":1.50}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := "why: " + tt.value
			tr := trace.Trace{
				Reason: text, Hint: text,
				Steps: []trace.Step{
					{Detail: &trace.IdentityDetail{Authorizer: "a", Sources: []trace.IdentitySource{{Source: tt.source, Value: tt.value, Found: true}}}},
					{Detail: trace.NewInvocationDetail("f", []byte(tt.event), []byte(tt.event), fmt.Errorf("no: %s", tt.value))},
				},
			}
			whole, err := json.Marshal(tr)
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Steps []struct {
					Detail struct{ Event, Answer json.RawMessage }
				}
			}
			if err := json.Unmarshal(whole, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.want, tt.want}, []string{string(got.Steps[1].Detail.Event), string(got.Steps[1].Detail.Answer)}); diff != "" {
				t.Errorf("event and answer (-want +got):\n%s", diff)
			}
			if strings.Contains(string(whole)+tr.Line(), secret) {
				t.Errorf("the secret is readable: %s\n%s", whole, tr.Line())
			}
		})
	}
}

// A trace without an identity is as it was.
func TestNothingToMask(t *testing.T) {
	t.Parallel()
	tr := trace.Trace{Reason: "a <reason>", Steps: []trace.Step{{Detail: trace.NewInvocationDetail("f", []byte(`{"b":1,"a":2}`), nil, nil)}}}
	if got := tr.Mask(tr.Reason); got != tr.Reason {
		t.Errorf("got %q", got)
	}
	text, err := json.Marshal(tr)
	if err != nil || !strings.Contains(string(text), `"reason":"a \u003creason\u003e"`) {
		t.Errorf("%v: %s", err, text)
	}
}

// FuzzIdentityIsMasked: whatever a client sends, its trace is JSON, and does not tell the secret.
func FuzzIdentityIsMasked(f *testing.F) {
	f.Add("Bearer hunter2-hunter2", `{"headers":{"x":"Bearer hunter2-hunter2"}}`)
	f.Add(`a"b\c`+"\u2028"+`dddddddd`, `{"a":"\"a"}`)
	f.Add("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7", "no JSON")
	f.Fuzz(func(t *testing.T, value, event string) {
		tr := trace.Trace{Reason: value, Steps: []trace.Step{
			{Detail: trace.IdentityDetail{Sources: []trace.IdentitySource{{Source: "method.request.header.X-Key", Value: value, Found: true}}}},
			{Detail: trace.NewInvocationDetail("f", []byte(event), []byte(value), nil)},
		}}
		text, err := json.Marshal(tr)
		if err != nil {
			t.Fatal(err)
		}
		var back trace.Trace
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		again, err := json.Marshal(back)
		if err != nil || string(again) != string(text) {
			t.Errorf("read back it is another: %v\n%s\n%s", err, text, again)
		}
		// Random text cannot be told from what else a trace says, but base64 of it can.
		unique := "k/" + base64.StdEncoding.EncodeToString([]byte(value)) + "/hunter2-hunter2-tail99"
		tr.Steps[0].Detail = trace.IdentityDetail{Sources: []trace.IdentitySource{{Source: "method.request.header.X-Key", Value: unique, Found: true}}}
		tr.Reason = value + unique + value
		if text, err := json.Marshal(tr); err != nil || strings.Contains(string(text), unique) {
			t.Errorf("%v: the secret %q is readable: %s", err, unique, text)
		}
	})
}
