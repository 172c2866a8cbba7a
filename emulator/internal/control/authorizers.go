package control

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/trace"
)

// Authorizer is an authorizer of the API.
type Authorizer struct {
	API                  string   `json:"api,omitempty"` // the id of its API, where several are served
	Name                 string   `json:"name"`
	Type                 string   `json:"type"`
	Function             string   `json:"function"`
	IdentitySources      []string `json:"identitySource"`
	ValidationExpression string   `json:"identityValidationExpression,omitempty"`
	TTL                  int      `json:"authorizerResultTtlInSeconds"`
	Routes               []string `json:"routes"` // the keys of those that it guards
	Source               string   `json:"source"` // FILE:LINE:COLUMN
}

// AuthorizerTest is what an authorizer is tried with: a token, headers and query parameters, or an event.
type AuthorizerTest struct {
	// Token is the whole header value that is the identity source of a TOKEN authorizer.
	Token   string
	Headers http.Header // in any spelling
	Query   url.Values

	// MethodARN is what the policy is asked about. "" is the one in Event, else …/ESTestInvoke-stage/GET/, as in AWS's
	// TestInvokeAuthorizer.
	MethodARN string

	// Event is JSON that the function is given as it is, in place of an event made of the rest. It comes after identity
	// sources and validation expression, so those are left out.
	Event []byte
}

// AuthorizerTestResult is the response of AWS's TestInvokeAuthorizer, and the decision for a method ARN.
type AuthorizerTestResult struct {
	// ClientStatus is 0 when the authorizer succeeded, whatever its policy says, else what a client would receive: 401 or 500.
	ClientStatus int `json:"clientStatus"`
	// Log is in the words of API Gateway's execution log. Secrets are masked.
	Log string `json:"log"`
	// Latency is how many milliseconds the function took, rounded up; 0 when it was not called.
	Latency int64 `json:"latency"`
	// PrincipalID, Policy (the JSON text of the document) and Authorization (the context, its values text or null) are what the
	// authorizer answered.
	PrincipalID   string             `json:"principalId"`
	Policy        string             `json:"policy"`
	Authorization map[string]*string `json:"authorization"`

	// MethodARN is what the Decision is for: Allow, ImplicitDeny or ExplicitDeny, "" when there is no policy.
	MethodARN string     `json:"methodArn"`
	Decision  string     `json:"decision"`
	Code      trace.Code `json:"code"`
	Reason    string     `json:"reason"`
	Hint      string     `json:"hint,omitempty"`
	Warnings  []string   `json:"warnings,omitempty"` // what AWS accepts and its documentation does not
}

// Outcome is how a test of an authorizer ended, for an exit status.
type Outcome int

// Allowed by the policy, refused (401, or a policy that denies), or failed (500).
const (
	OutcomeAllowed Outcome = iota
	OutcomeRefused
	OutcomeFailed
)

// Outcome says in a word how the test ended.
func (r *AuthorizerTestResult) Outcome() Outcome {
	switch {
	case r.Code == trace.PolicyAllow:
		return OutcomeAllowed
	case r.ClientStatus >= http.StatusInternalServerError:
		return OutcomeFailed
	}
	return OutcomeRefused
}

func (a *api) testAuthorizer(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Token     string           `json:"token"`
		Headers   map[string]texts `json:"headers"`
		Query     map[string]texts `json:"query"`
		MethodARN string           `json:"methodArn"`
		Event     json.RawMessage  `json:"event"`
	}
	if !read(w, r, &asked) {
		return
	}
	if event.IsNull(asked.Event) {
		asked.Event = nil
	}
	result, err := a.TestAuthorizer(context.WithoutCancel(r.Context()), parameter(r, "name"), AuthorizerTest{
		Token: asked.Token, Headers: named(asked.Headers), Query: named(asked.Query), MethodARN: asked.MethodARN, Event: asked.Event,
	})
	answer(w, result, err)
}
