package gateway

import (
	"fmt"
	"strings"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

// checkResourcePolicy evaluates the API's resource policy before any authorizer is called. An explicit Deny ends the request
// here. What else it says counts together with the authorizer's policy; on a route without an authorizer it must allow
// (rest-gateway 11).
func (x *exchange) checkResourcePolicy(found *route) (policy.Verdict, *apigw.Error) {
	document := x.deployment.policy
	if document == nil {
		return policy.ImplicitDeny, nil
	}
	request := x.policyRequest()
	verdict, index := document.Decide(&request)
	step := trace.Step{
		Name: "resourcePolicy", Source: x.deployment.api.PolicyPosition.String(),
		Detail: trace.PolicyDetail{Policy: document, Request: request}, Confidence: trace.Recorded,
	}
	var refusal *apigw.Error
	switch verdict {
	case policy.Allow:
	case policy.ExplicitDeny:
		refusal = x.resourceRefusal(trace.ResourcePolicyExplicitDeny,
			x.worded(" with an explicit deny in a resource-based policy", " with an explicit deny")) // rest-authorizer 6.16
		refusal.Reason = fmt.Sprintf("explicit deny: statement %d of the resource policy denies %s", index, x.shortARN(request.Resource))
		refusal.Hint = "narrow the statement, or its Condition; the authorizer was not called"
	case policy.ImplicitDeny:
		if found.authorizer != nil {
			step.Confidence = trace.Documented
			break // the authorizer's policy may allow
		}
		refusal = x.resourceRefusal(trace.ResourcePolicyImplicitDeny, "")
		refusal.Reason = fmt.Sprintf("implicit deny: the resource policy does not allow %s, and the route has no authorizer", x.shortARN(request.Resource))
		refusal.Hint = "add a statement with Effect Allow for " + request.Resource
	}
	if refusal != nil {
		step.Code = refusal.Code
	}
	x.step(step)
	return verdict, refusal
}

// resourceRefusal has the words of a denial by a resource policy, which names the ARN with its account masked.
func (x *exchange) resourceRefusal(code trace.Code, suffix string) *apigw.Error {
	account := x.deployment.api.AccountID
	const shown = 4
	masked := strings.Repeat("*", max(0, len(account)-shown)) + account[max(0, len(account)-shown):]
	arn := strings.Replace(x.request.MethodARN, ":"+account+":", ":"+masked+":", 1)
	return &apigw.Error{
		Type: apigw.AccessDenied, Code: code,
		Message: "User: anonymous is not authorized to perform: " + policy.Invoke + " on resource: " + arn + suffix,
	}
}
