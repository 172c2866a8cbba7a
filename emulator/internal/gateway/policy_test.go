package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/gateway"
	"gatewayd/emulator/trace"
)

// policies answers an authorizer's call with a policy of one statement.
func policies(statement string) func(*gateway.Options) {
	return answers("jwt", `{"principalId":"user","policyDocument":{"Version":"2012-10-17","Statement":[`+statement+`]}}`)
}

// The condition keys that a caller who signed nothing has (iam-policy 9.1), and those that only others have.
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	tests := []struct {
		condition string
		headers   []string
		allowed   bool
	}{
		{condition: `{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`, allowed: true},
		{condition: `{"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}`},
		{condition: `{"Bool":{"aws:SecureTransport":"true"}}`, allowed: true},
		{condition: `{"StringLike":{"aws:UserAgent":"curl/*"}}`, headers: []string{"User-Agent", "curl/8.7.1"}, allowed: true},
		{condition: `{"Null":{"aws:UserAgent":"true"}}`, allowed: true},
		{condition: `{"StringEquals":{"aws:Referer":"https://app.example/"}}`, headers: []string{"Referer", "https://app.example/"}, allowed: true},
		{condition: `{"Null":{"aws:Referer":"true"}}`, allowed: true},
		{condition: `{"DateLessThan":{"aws:CurrentTime":"2026-09-24T21:19:15Z"}}`, allowed: true},
		{condition: `{"DateGreaterThan":{"aws:CurrentTime":"2026-09-24T21:19:15Z"}}`},
		{condition: `{"NumericEquals":{"aws:EpochTime":"1790284754"}}`, allowed: true},
		{condition: `{"Null":{"aws:PrincipalArn":"true","aws:userid":"true","aws:SourceVpc":"true"}}`, allowed: true},
	}
	for _, tt := range tests {
		t.Run(tt.condition, func(t *testing.T) {
			t.Parallel()
			h := newHarness(policies(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+tt.condition+`}`)).deploy(t, api(nil))
			w := h.get(t, "/dev/guarded", append(tt.headers, "Authorization", "abc")...)
			if (w.Code == http.StatusOK) != tt.allowed {
				t.Errorf("%d: %s", w.Code, h.last(t).Line())
			}
		})
	}
}

// A kept policy is evaluated with the values of the request at hand (rest-authorizer 7.15).
func TestConditionsOfAKeptResult(t *testing.T) {
	t.Parallel()
	h := newHarness(policies(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:UserAgent":"good"}}}`)).deploy(t, api(nil))
	for agent, status := range map[string]int{"good": http.StatusOK, "bad": http.StatusForbidden} {
		if w := h.get(t, "/dev/guarded", "Authorization", "abc", "User-Agent", agent); w.Code != status {
			t.Errorf("%s: %d %s", agent, w.Code, w.Body)
		}
	}
}

// What a policy hardly means is said once, not with every request.
func TestWarningsComeOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(func(o *gateway.Options) {
		o.Handlers["jwt"] = function.Func(func(_ context.Context, event struct{ MethodArn string }) (json.RawMessage, error) {
			return json.RawMessage(`{"principalId":"user","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"` + event.MethodArn + `"}]}}`), nil
		})
	}).deploy(t, api(nil))
	for _, token := range []string{"a", "a", "b"} {
		h.get(t, "/dev/guarded", "Authorization", token)
	}
	if len(h.warnings) != 1 || !strings.HasPrefix(h.warnings[0], `routes.yaml:5:3: authorizer "auth": `) || !strings.HasSuffix(h.warnings[0], "[one-method-cached]") {
		t.Errorf("the warnings are %q", h.warnings)
	}
	// And that is what happens then (rest-authorizer 7.6).
	w := h.get(t, "/dev/guarded/too", "Authorization", "a")
	if tr := h.last(t); w.Code != http.StatusForbidden || tr.Code != trace.PolicyImplicitDeny || !strings.Contains(tr.Reason, "cached 0 s ago by GET /dev/guarded") {
		t.Errorf("%d: %s", w.Code, tr.Line())
	}
}

// What an answer lacks is a warning, too (rest-authorizer 5.3).
func TestWarningsOfAnAnswer(t *testing.T) {
	t.Parallel()
	h := newHarness(answers("jwt", `{"policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}`))
	h.deploy(t, api(func(a *apigw.API) { a.Authorizers[0].ResultTTL = 0 }))
	if w := h.get(t, "/dev/guarded", "Authorization", "a"); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if len(h.warnings) == 0 || h.warnings[0] != `routes.yaml:5:3: authorizer "auth": the answer has no principalId; AWS's documentation requires one` {
		t.Errorf("the warnings are %q", h.warnings)
	}
}
