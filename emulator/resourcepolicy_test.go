package emulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

// What a caller sees of an authorizer's policy and the API's resource policy together: table A of the developer guide's
// "How API Gateway resource policies affect authorization workflow" (documented), with the bodies recorded on 2026-10-02
// (rest-gateway 11).
func TestResourcePolicy(t *testing.T) {
	t.Parallel()
	const (
		implicitBody   = `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-west-2:********7089:u1hp5d8r0b/api/GET/prod"}`
		explicitBody   = `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-west-2:********7089:u1hp5d8r0b/api/GET/prod with an explicit deny in a resource-based policy"}`
		authorizerDeny = `{"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}`
		authorizerNone = `{"Message":"User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action"}`
	)
	type result struct {
		Status int
		Body   string
		Code   trace.Code
		Calls  int // of the authorizer
	}
	const (
		allows = `{ Effect: Allow, Principal: "*", Action: execute-api:Invoke, Resource: execute-api:/api/GET/prod }`
		denies = `{ Effect: Deny, Principal: "*", Action: execute-api:Invoke, Resource: "execute-api:/*" }`
		other  = `{ Effect: Allow, Principal: "*", Action: execute-api:Invoke, Resource: execute-api:/api/GET/other }`
	)
	tests := []struct {
		name       string
		authorizer string // the Effect of its one statement; "none" is one for another ARN, "" no authorizer
		resource   string
		want       result
	}{
		{"Allow, Allow", "Allow", allows, result{200, "ok", trace.IntegrationOK, 1}},
		{"Allow, neither", "Allow", other, result{200, "ok", trace.IntegrationOK, 1}},
		{"Allow, Deny", "Allow", denies, result{403, explicitBody, trace.ResourcePolicyExplicitDeny, 0}},
		{"neither, Allow", "none", allows, result{200, "ok", trace.IntegrationOK, 1}},
		{"neither, neither", "none", other, result{403, authorizerNone, trace.PolicyImplicitDeny, 1}},
		{"neither, Deny", "none", denies, result{403, explicitBody, trace.ResourcePolicyExplicitDeny, 0}},
		{"Deny, Allow", "Deny", allows, result{403, authorizerDeny, trace.PolicyExplicitDeny, 1}},
		{"Deny, neither", "Deny", other, result{403, authorizerDeny, trace.PolicyExplicitDeny, 1}},
		{"Deny, Deny", "Deny", denies, result{403, explicitBody, trace.ResourcePolicyExplicitDeny, 0}},
		{"no authorizer, Allow", "", allows, result{200, "ok", trace.IntegrationOK, 0}},
		{"no authorizer, neither", "", other, result{403, implicitBody, trace.ResourcePolicyImplicitDeny, 0}},
		{"no authorizer, Deny", "", denies, result{403, explicitBody, trace.ResourcePolicyExplicitDeny, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			effect, resource := tt.authorizer, "*"
			if effect == "none" {
				effect, resource = "Allow", "arn:aws:execute-api:us-west-2:111111117089:u1hp5d8r0b/api/GET/elsewhere"
			}
			authorize := emulator.Func(func(context.Context, json.RawMessage) (json.RawMessage, error) {
				calls++
				return fmt.Appendf(nil, `{"principalId":"me","policyDocument":{"Version":"2012-10-17","Statement":[
					{"Effect":%q,"Action":"execute-api:Invoke","Resource":%q}]}}`, effect, resource), nil
			})
			guard := "NONE"
			if tt.authorizer != "" {
				guard = "auth"
			}
			g := emulatortest.Run(t, emulator.Routes(fmt.Sprintf(`
api: { id: u1hp5d8r0b, stage: api, region: us-west-2, accountId: "111111117089" }
authorizers: { auth: { function: auth } }
routes: { GET /prod: { function: ok, authorizer: %s } }
resourcePolicy: { Version: "2012-10-17", Statement: [ %s ] }
`, guard, tt.resource)), emulator.Functions{"auth": authorize, "ok": answer("ok")}, nil)
			r := g.Get("/api/prod", "Authorization", "token")
			if diff := cmp.Diff(tt.want, result{r.Status, r.Body, r.Trace.Code, calls}); diff != "" {
				t.Error(diff)
			}
			if r.Status == http.StatusForbidden && r.Header.Get("X-Amzn-Errortype") != "AccessDeniedException" {
				t.Errorf("x-amzn-ErrorType: got %q", r.Header.Get("X-Amzn-Errortype"))
			}
		})
	}
}

// The address in a Condition is the client's end of the connection.
func TestResourcePolicyCondition(t *testing.T) {
	t.Parallel()
	for network, want := range map[string]int{"127.0.0.0/8": 200, "203.0.113.0/24": 403} {
		g := emulatortest.Run(t, emulator.Routes(`
api: { stage: dev }
routes: { GET /pets: ok }
resourcePolicy:
  Version: "2012-10-17"
  Statement:
    - { Effect: Allow, Principal: "*", Action: execute-api:Invoke, Resource: "execute-api:/*", Condition: { IpAddress: { aws:SourceIp: `+network+` } } }
`), emulator.Functions{"ok": answer("ok")}, nil)
		if got := g.Get("/dev/pets").Status; got != want {
			t.Errorf("%s: got %d, want %d", network, got, want)
		}
	}
}

func TestResourcePolicyThatCannotBeUsedIsRefused(t *testing.T) {
	t.Parallel()
	_, err := emulator.New(emulator.Routes(`
routes: { GET /pets: ok }
resourcePolicy: { Version: "2012-10-17", Statement: [ { Effect: allow, Principal: "*", Action: "*", Resource: "*" } ] }
`), emulator.Functions{"ok": answer("ok")}, nil)
	problems := emulator.Problems(err)
	if len(problems) != 1 || problems[0].Position.Line != 3 {
		t.Errorf("got %v, want one problem on line 3", problems)
	}
}
