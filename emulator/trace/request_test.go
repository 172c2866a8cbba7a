package trace_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/trace"
)

// What a trace shows of its request: in the words of an event, the secrets masked, whether by their name or as what the
// authorizer's identity source had.
func TestRequestJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		sent   trace.Request
		body   []byte
		source []trace.IdentitySource
		want   string
	}{
		{
			name: "plain", sent: trace.Request{Method: "GET", Target: "/dev/a%20b?x=1&x=2&y", Host: "localhost:3000", Header: http.Header{"X-A": {"1"}}},
			want: `{"method":"GET","path":"/dev/a%20b","host":"localhost:3000","multiValueHeaders":{"X-A":["1"]},` +
				`"multiValueQueryStringParameters":{"x":["1","2"],"y":[""]},"bodyBytes":0,"bodyKept":true}`,
		},
		{
			name: "secrets", sent: trace.Request{
				Method: "POST", Target: "/dev?access_token=abcdefghijklm", Names: []string{"authorization", "X-TENANT"},
				Header: http.Header{"Authorization": {"Bearer abc.def.ghijkl"}, "X-Tenant": {"one-of-several"}},
			},
			body:   []byte(`{"password":"abcdefghijklm","n":1.0}`),
			source: []trace.IdentitySource{{Source: "method.request.header.X-Tenant", Value: "one-of-several", Found: true}},
			want: `{"method":"POST","path":"/dev","host":"","multiValueHeaders":{"authorization":["********ghijkl"],"X-TENANT":["********everal"]},` +
				`"multiValueQueryStringParameters":{"access_token":["********hijklm"]},"scheme":"Bearer",` +
				`"body":"{\"n\":1.0,\"password\":\"********hijklm\"}","bodyBytes":36,"bodyKept":true}`,
		},
		{
			name: "no text", sent: trace.Request{Method: "POST", Target: "/"}, body: []byte{0xff, 0x00},
			want: `{"method":"POST","path":"/","host":"","multiValueHeaders":{},"body":"/wA=","isBase64Encoded":true,"bodyBytes":2,"bodyKept":true}`,
		},
		{
			name: "too long", sent: trace.Request{Method: "POST", Target: "/"}, body: []byte(strings.Repeat("x", 65_537)),
			want: `{"method":"POST","path":"/","host":"","multiValueHeaders":{},"bodyBytes":65537,"bodyKept":false}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.sent.KeepBody(tt.body)
			of := trace.Trace{Request: &tt.sent, Steps: []trace.Step{{Name: "identity", Detail: trace.IdentityDetail{Sources: tt.source}}}}
			text, err := json.Marshal(of)
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ Request any }
			var want any
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got.Request); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
			var read trace.Trace
			if err := json.Unmarshal(text, &read); err != nil {
				t.Fatal(err)
			}
			again, err := json.Marshal(read)
			if err != nil || string(again) != string(text) {
				t.Errorf("written again, error %v:\n%s\n%s", err, text, again)
			}
		})
	}
}

// The body need not be kept twice where the event of the integration has it.
func TestRequestBodyInEvent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body, event string
		kept              bool
	}{
		{name: "text", body: "a\"b", event: `{"body":"a\"b","isBase64Encoded":false}`, kept: true},
		{name: "base64", body: "abc", event: `{"body":"YWJj","isBase64Encoded":true}`, kept: true},
		{name: "an excerpt", body: "abc", event: `{"body":"ab… (70000 bytes in all)`},
		{name: "another body", body: "abc", event: `{"body":null}`},
	}
	for _, tt := range tests {
		var r trace.Request
		r.KeepBody([]byte(tt.body))
		r.BodyIn(trace.Excerpt([]byte(tt.event)))
		body, kept := r.Body()
		if kept != tt.kept || kept && string(body) != tt.body {
			t.Errorf("%s: body %q, kept %t", tt.name, body, kept)
		}
	}
}
