package emulator

import (
	"net/http"
	"slices"
	"strings"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/control"
	"gatewayd/emulator/policy"
)

// PolicyEvaluation is what a policy says about a request, with an account of every statement.
type PolicyEvaluation = control.PolicyEvaluation

// StatementDecision is whether a statement of a policy applies, and why not.
type StatementDecision = control.StatementDecision

// PolicyInvalid is the Decision about a policy that API Gateway cannot use.
const PolicyInvalid = control.PolicyInvalid

// EvaluatePolicy evaluates the text of an authorizer's policyDocument for a request, whose Resource may be any text. Exactly
// the condition keys of its Context exist: neither time nor address is added.
func EvaluatePolicy(document []byte, request policy.Request) PolicyEvaluation {
	return control.EvaluatePolicy(document, request)
}

// ConditionContext is a [policy.Context] of these condition keys alone. Keys that differ in case only are one, with the values
// of all.
func ConditionContext(keys map[string][]string) policy.Context { return control.ConditionContext(keys) }

// RouteDecision is what a policy says about a route.
type RouteDecision = control.RouteDecision

// PolicyMatrix evaluates a policy for every route, in the order of the route file. A path parameter has its own name in
// capitals as its value: the ARN of GET /pets/{petId} ends in GET/pets/PETID. A route for ANY method is one decision where all
// its methods agree, else one for each; a method that has a route of its own at the path is not among them.
func (e *Emulator) PolicyMatrix(p *policy.Policy, context policy.Context) []RouteDecision {
	api := e.Loaded().API
	out := []RouteDecision{}
	for i := range api.Routes {
		out = append(out, routeDecisions(api, &api.Routes[i], p, context)...)
	}
	return out
}

// routeDecisions is one decision, or several where they differ by method.
func routeDecisions(api *apigw.API, r *apigw.Route, p *policy.Policy, context policy.Context) []RouteDecision {
	guard := ""
	if a := api.AuthorizerOf(r); a != nil {
		guard = a.Name
	}
	var out []RouteDecision
	agree := true
	for _, method := range methodsOf(api, r) {
		request := policy.Request{Resource: api.StageARN() + "/" + method + samplePath(r.Path), Context: context}
		verdict, diagnostic := p.Explain(&request)
		out = append(out, RouteDecision{
			Method: method, Path: r.Path, Authorizer: guard, MethodARN: request.Resource, Decision: verdict, Reason: diagnostic.Reason,
		})
		agree = agree && verdict == out[0].Decision
	}
	if agree {
		out = out[:1]
		out[0].Method = r.Method
	}
	return out
}

const anyMethod = "ANY"

// methodsOf are the methods that a route answers: its own, or those of ANY that have no route of their own at the path. When
// all of them have, ANY answers methods that only the client has a name for.
func methodsOf(api *apigw.API, r *apigw.Route) []string {
	if r.Method != anyMethod {
		return []string{r.Method}
	}
	methods := slices.DeleteFunc([]string{
		http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions,
	}, func(method string) bool {
		return slices.ContainsFunc(api.Routes, func(other apigw.Route) bool { return other.Method == method && other.Path == r.Path })
	})
	if len(methods) == 0 {
		return []string{anyMethod}
	}
	return methods
}

// samplePath gives every path parameter a value: its name in capitals.
func samplePath(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") {
			segments[i] = strings.ToUpper(strings.TrimSuffix(s[1:len(s)-1], "+"))
		}
	}
	return strings.Join(segments, "/")
}
