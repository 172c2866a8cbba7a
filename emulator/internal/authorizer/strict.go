package authorizer

import (
	"gatewayd/emulator/apigw"
	"gatewayd/emulator/trace"
)

// WithStrict is the authorizer that refuses what AWS's documentation forbids and its service was seen to accept. It is called
// before the authorizer is used.
func (a *Authorizer) WithStrict(strict bool) *Authorizer {
	a.strict = strict
	return a
}

// checkStrict refuses a result without a principal (rest-authorizer 5.3).
func (r *Result) checkStrict() *apigw.Error {
	if r.hasPrincipal {
		return nil
	}
	refusal := invalid(trace.AuthorizerOutputInvalid, "the answer has no principalId, which AWS's documentation requires")
	refusal.Confidence = trace.Documented
	refusal.Hint = "return a principalId; without --strict this is a warning, because AWS was seen to do without"
	return refusal
}
