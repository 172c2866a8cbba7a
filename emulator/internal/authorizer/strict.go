package authorizer

import (
	"gatewayd/emulator/apigw"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

// WithStrict is the authorizer that refuses what AWS's documentation forbids and its service was seen to accept. It is called
// before the authorizer is used.
func (a *Authorizer) WithStrict(strict bool) *Authorizer {
	a.strict = strict
	return a
}

// checkStrict refuses a result without a principal (rest-authorizer 5.3), and a policy with a principal of its own or with an
// ARN that is too long (8.12, 5.22).
func (r *Result) checkStrict() *apigw.Error {
	const otherwise = "; without --strict this is a warning"
	if !r.hasPrincipal {
		refusal := invalid(trace.AuthorizerOutputInvalid, "the answer has no principalId, which AWS's documentation requires")
		refusal.Confidence = trace.Documented
		refusal.Hint = "return a principalId" + otherwise + ", because AWS was seen to do without"
		return refusal
	}
	for _, finding := range r.Policy.Findings() {
		if finding.Code != policy.PrincipalIgnored && finding.Code != policy.ARNTooLong {
			continue
		}
		refusal := invalid(trace.AuthorizerPolicyInvalid, "the policyDocument cannot be used: %s: %s [%s]", finding.Path, finding.Message, finding.Code)
		refusal.Confidence = trace.Inferred
		refusal.Hint = "docs/policy-findings.md has the cure" + otherwise + ", because nobody has seen what AWS makes of it"
		return refusal
	}
	return nil
}
