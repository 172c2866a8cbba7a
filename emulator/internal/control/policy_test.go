package control_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/policy"
)

// want compares an answer with JSON.
func want(t *testing.T, options control.Options, path, body string, status int, answer string) {
	t.Helper()
	w := post(t, options, path, body, nil)
	if w.Code != status {
		t.Errorf("status %d, want %d", w.Code, status)
	}
	var got, wanted any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if err := json.Unmarshal([]byte(answer), &wanted); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

const fromOffice = `{"Version":"2012-10-17","Statement":[{"Sid":"office","Effect":"Allow","Action":"execute-api:Invoke","Resource":"*",` +
	`"Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}]}`

// All keys are always there.
func TestPolicyEval(t *testing.T) {
	t.Parallel()
	const (
		applies = `{"decision":"Allow","error":"","findings":[],"statements":[{"index":0,"sid":"office","effect":"Allow","matched":true,"failedOn":"",` +
			`"pattern":"*","reason":"Resource \"*\" covers the ARN, and every condition holds"}]}`
		absent = `{"decision":"ImplicitDeny","error":"","findings":[],"statements":[{"index":0,"sid":"office","effect":"Allow","matched":false,"failedOn":"Condition",` +
			`"pattern":"IpAddress aws:SourceIp 192.0.2.0/24","reason":"the request has no aws:SourceIp, so IpAddress does not hold"}]}`
		usage = `{"error":"want {\"policy\": a document or its text, \"methodArn\": \"…\"}, with or without \"action\" and \"context\""}`
	)
	text, err := json.Marshal(fromOffice)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{name: "a document", body: `{"policy":` + fromOffice + `,"methodArn":"x","context":{"AWS:sourceip":"192.0.2.1"}}`, status: 200, want: applies},
		{name: "its text", body: `{"policy":` + string(text) + `,"methodArn":"x","context":{"aws:SourceIp":["192.0.2.1"]}}`, status: 200, want: applies},
		{name: "no condition key is added", body: `{"policy":` + fromOffice + `,"methodArn":"x"}`, status: 200, want: absent},
		{
			name: "null", body: `{"policy":null,"methodArn":"x"}`, status: 200,
			want: `{"decision":"Invalid","error":"policy: null is not allowed; it has to be an object with Version and Statement","findings":[],"statements":[]}`,
		},
		{
			name: "text that is not JSON", body: `{"policy":"nonsense","methodArn":"x"}`, status: 200,
			want: `{"decision":"Invalid","error":"policy: not valid JSON: 'n' where a value should be","findings":[],"statements":[]}`,
		},
		{name: "another action", body: `{"policy":{"Version":"2012-10-17","Statement":[]},"methodArn":"x","action":"execute-api:ManageConnections"}`, status: 200, want: `{"decision":"ImplicitDeny","error":"","statements":[],` +
			`"findings":[{"code":"empty-statement-list","message":"a policy without statements allows nothing","path":"Statement"}]}`},
		{name: "no policy", body: `{"methodArn":"x"}`, status: 400, want: usage},
		{name: "no method ARN", body: `{"policy":{}}`, status: 400, want: usage},
		{name: "another key", body: `{"policies":1}`, status: 400, want: `{"error":"the body cannot be read: json: unknown field \"policies\""}`},
		{name: "nothing", body: ``, status: 400, want: `{"error":"the body cannot be read: EOF"}`},
		{name: "two objects", body: `{}{}`, status: 400, want: `{"error":"the body cannot be read: something follows the JSON object"}`},
		{name: "a context that is none", body: `{"context":{"a":1}}`, status: 400, want: `{"error":"the body cannot be read: json: cannot unmarshal number into Go struct field policyRequest.context of type []string"}`},
		{name: "too much", body: `{"methodArn":"` + strings.Repeat("x", 4<<20) + `"}`, status: 413, want: `{"error":"the body has more than 4194304 bytes"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want(t, (&fake{}).options(), "/_gatewayd/policy/eval", tt.body, tt.status, tt.want)
		})
	}
}

func TestPolicyMatrix(t *testing.T) {
	t.Parallel()
	options := (&fake{}).options()
	options.PolicyMatrix = func(p *policy.Policy, context policy.Context) []control.RouteDecision {
		verdict, _ := p.Decide(&policy.Request{Resource: "x", Context: context})
		return []control.RouteDecision{{Method: "GET", Path: "/pets", Authorizer: "jwt", MethodARN: "x", Decision: verdict, Reason: "because"}}
	}
	const usage = `{"error":"want {\"policy\": a document or its text}, with or without \"context\""}`
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{
			name: "a document", body: `{"policy":` + fromOffice + `,"context":{"aws:SourceIp":"192.0.2.1"}}`, status: 200,
			want: `[{"method":"GET","path":"/pets","authorizer":"jwt","methodArn":"x","decision":"Allow","reason":"because"}]`,
		},
		{name: "null", body: `{"policy":null}`, status: 400, want: `{"error":"policy: null is not allowed; it has to be an object with Version and Statement"}`},
		{name: "no policy", body: `{}`, status: 400, want: usage},
		{name: "a method ARN", body: `{"policy":{},"methodArn":"x"}`, status: 400, want: usage},
		{name: "no JSON", body: `x`, status: 400, want: `{"error":"the body cannot be read: invalid character 'x' looking for beginning of value"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want(t, options, "/_gatewayd/policy/matrix", tt.body, tt.status, tt.want)
		})
	}
}

// What changes nothing is still not for a page of another origin: it could be used to call functions.
func TestWritesOfAnotherOrigin(t *testing.T) {
	t.Parallel()
	options := (&fake{}).options()
	options.Issuer = newIssuer(t)
	for _, path := range []string{
		"/_gatewayd/policy/eval", "/_gatewayd/policy/matrix", "/_gatewayd/authorizers/jwt/test", "/_gatewayd/tokens", "/issuer/token", "/issuer/rotate",
	} {
		w := post(t, options, path, "{}", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") })
		if w.Code != http.StatusForbidden {
			t.Errorf("POST %s: status %d", path, w.Code)
		}
		w = post(t, options, path, "{}", func(r *http.Request) { r.Host = "rebound.example" })
		if w.Code != http.StatusMisdirectedRequest {
			t.Errorf("POST %s by another name: status %d", path, w.Code)
		}
	}
}
