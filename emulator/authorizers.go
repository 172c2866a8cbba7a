package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/internal/gateway"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

// Authorizer is an authorizer of the API, with the routes that it guards.
type Authorizer = control.Authorizer

// Authorizers lists the authorizers, in the order of the route file.
func (e *Emulator) Authorizers() []Authorizer {
	api := e.Loaded().API
	out := make([]Authorizer, len(api.Authorizers))
	for i := range api.Authorizers {
		a := &api.Authorizers[i]
		out[i] = Authorizer{
			Name: a.Name, Type: string(a.Type), Function: a.Function, IdentitySources: []string{}, ValidationExpression: a.ValidationExpression,
			TTL: int(a.ResultTTL.Seconds()), Routes: []string{}, Source: a.Position.String(),
		}
		for _, s := range a.IdentitySources {
			out[i].IdentitySources = append(out[i].IdentitySources, s.String())
		}
		for j := range api.Routes {
			if r := &api.Routes[j]; api.AuthorizerOf(r) == a {
				out[i].Routes = append(out[i].Routes, r.Key())
			}
		}
	}
	return out
}

// AuthorizerTest is what an authorizer is tried with: a token, headers and query parameters, or an event.
type AuthorizerTest = control.AuthorizerTest

// AuthorizerTestResult is the response of AWS's TestInvokeAuthorizer, and the decision for a method ARN.
type AuthorizerTestResult = control.AuthorizerTestResult

// The outcomes of an [AuthorizerTestResult].
const (
	OutcomeAllowed = control.OutcomeAllowed
	OutcomeRefused = control.OutcomeRefused
	OutcomeFailed  = control.OutcomeFailed
)

// RequestError is a request that cannot be met: what it asks for does not exist, or cannot be.
type RequestError = control.RequestError

// TestAuthorizer runs one authorizer, as the Test button of AWS's console does: outside any route, without the cache. Errors
// are [*RequestError]: there is no such authorizer, or it cannot be tried with that.
func (e *Emulator) TestAuthorizer(ctx context.Context, name string, test AuthorizerTest) (AuthorizerTestResult, error) {
	asked, err := e.authorizerTest(name, test)
	if err != nil {
		return AuthorizerTestResult{}, err
	}
	tested, err := e.gateway.TestAuthorizer(ctx, name, asked)
	if err != nil { // it is gone since a moment ago
		return AuthorizerTestResult{}, &RequestError{Status: http.StatusNotFound, Reason: err.Error()}
	}
	out := AuthorizerTestResult{
		Log: tested.Log, Latency: (tested.Latency + time.Millisecond - 1).Milliseconds(),
		Authorization: map[string]*string{}, MethodARN: tested.MethodARN,
	}
	if refusal := tested.Refusal; refusal != nil {
		out.ClientStatus = refusal.Response().Status
		out.Code, out.Reason, out.Hint = refusal.Code, refusal.Reason, refusal.Hint
		return out, nil
	}
	result := tested.Result
	out.PrincipalID, out.Policy, out.Warnings = result.PrincipalID, result.Policy.Source(), tested.Warnings
	for _, v := range result.Context {
		var text *string
		if err := json.Unmarshal(v.Value, &text); err != nil {
			return out, fmt.Errorf("context.%s: %w", v.Name, err)
		}
		out.Authorization[v.Name] = text
	}
	out.Decision, out.Reason, out.Hint = tested.Verdict.String(), tested.Reason, tested.Hint
	switch tested.Verdict {
	case policy.Allow:
		out.Code = trace.PolicyAllow
	case policy.ExplicitDeny:
		out.Code = trace.PolicyExplicitDeny
	case policy.ImplicitDeny:
		out.Code = trace.PolicyImplicitDeny
	}
	return out, nil
}

// authorizerTest checks what an authorizer is to be tried with.
func (e *Emulator) authorizerTest(name string, test AuthorizerTest) (gateway.AuthorizerTest, error) {
	refuse := func(status int, format string, args ...any) (gateway.AuthorizerTest, error) {
		return gateway.AuthorizerTest{}, &RequestError{Status: status, Reason: fmt.Sprintf(format, args...)}
	}
	api := e.Loaded().API
	at := slices.IndexFunc(api.Authorizers, func(a apigw.Authorizer) bool { return a.Name == name })
	if at < 0 {
		return gateway.AuthorizerTest{}, e.noAuthorizer(name)
	}
	a := &api.Authorizers[at]
	out := gateway.AuthorizerTest{
		Headers: pairs(test.Headers), Query: pairs(test.Query), MethodARN: test.MethodARN, Event: test.Event,
	}
	switch {
	case test.Event != nil && (test.Token != "" || len(out.Headers)+len(out.Query) > 0):
		return refuse(http.StatusBadRequest, "an event has its own token, headers and query parameters")
	case test.Event != nil && !json.Valid(test.Event):
		return refuse(http.StatusBadRequest, "the event is not JSON")
	case test.Token == "":
	case a.Type != apigw.TokenAuthorizer:
		return refuse(http.StatusBadRequest, "authorizer %q is of type %s, which takes headers and query parameters, not a token", name, a.Type)
	default:
		out.Headers = append(out.Headers, event.Pair{Name: a.IdentitySources[0].Name, Value: test.Token})
	}
	return out, nil
}

// pairs are sorted by name; the values of one name keep their order.
func pairs(m map[string][]string) []event.Pair {
	var out []event.Pair
	for _, name := range slices.Sorted(maps.Keys(m)) {
		for _, value := range m[name] {
			out = append(out, event.Pair{Name: name, Value: value})
		}
	}
	return out
}
