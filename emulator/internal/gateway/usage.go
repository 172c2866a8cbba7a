package gateway

import (
	"cmp"
	"fmt"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/internal/usage"
	"gatewayd/emulator/trace"
)

const (
	keyHeader       = "X-Api-Key"
	headerKeySource = "the x-api-key header"
	resultKeySource = "usageIdentifierKey"
)

// sentAPIKey notes the key that the client sent, which an authorizer is told of before anybody looks it up
// (rest-authorizer 3.13). Where keys come from the authorizer the header counts for nothing (9.5).
func (x *exchange) sentAPIKey() {
	if x.deployment.usage.Source() == apigw.HeaderKeySource {
		x.request.SentAPIKey, _ = x.request.Header(keyHeader)
	}
}

// apiKey is the request's API key: what the client sent, or the usageIdentifierKey of the authorizer's result, a kept one as
// well as a new one (rest-authorizer 7.18).
func (x *exchange) apiKey(result *authorizer.Result) (value, source string) {
	if x.deployment.usage.Source() == apigw.HeaderKeySource {
		return x.request.SentAPIKey, headerKeySource
	}
	if result != nil {
		value = result.UsageIdentifierKey
	}
	return value, resultKeySource
}

// meter looks for the API key, and has the request take a token of every throttle that it meets and one of its quota. It
// follows the authorizer (rest-authorizer 9.1).
func (x *exchange) meter(found *route, result *authorizer.Result) *apigw.Error {
	value, source := x.apiKey(result)
	method := x.deployment.usage.Method(found.index)
	if value == "" && !method.KeyRequired && !method.Limits(nil) {
		return nil
	}
	key, refusal := x.identifyKey(found, value, source)
	if refusal != nil {
		return refusal
	}
	if !method.KeyRequired {
		key = nil // the request counts toward no usage plan (rest-gateway 6.7)
	}
	if !method.Limits(key) {
		return nil
	}
	return x.admit(found, method, key)
}

// identifyKey finds the key of a value. Where the route requires one it must be enabled and in a usage plan (rest-gateway 6.2);
// where it does not, the integration learns of whatever was sent (rest-authorizer 9.8).
func (x *exchange) identifyKey(found *route, value, source string) (*usage.Key, *apigw.Error) {
	stage := x.deployment.usage
	required := stage.Method(found.index).KeyRequired
	if value == "" && !required {
		return nil, nil //nolint:nilnil // no key, which is nothing to complain about
	}
	key := stage.Key(value)
	detail := &trace.KeyDetail{Source: source, Value: value, Required: required}
	if key != nil {
		detail.ID, detail.Name, detail.Plan = key.ID, key.Name, key.Plan
	}
	step := trace.Step{Name: "apiKey", Source: found.source, Confidence: trace.Recorded, Detail: detail}
	var refusal *apigw.Error
	if required {
		if refusal = refuseKey(found, key, value, source, stage.Source()); refusal != nil {
			if refusal.Code == trace.KeyMissing && source == resultKeySource && found.authorizer != nil && x.gateway.options.Disabled {
				refusal.Hint = hintOfDisabled
			}
			step.Code, step.Confidence = refusal.Code, refusal.Certainty()
		}
	}
	x.step(step)
	if refusal != nil {
		return nil, refusal
	}
	x.request.APIKey = value
	if key != nil {
		x.request.APIKeyID = key.ID
	}
	return key, nil
}

// hintOfDisabled is for a key that would come from an authorizer which nobody asks.
const hintOfDisabled = "apiKeySource is AUTHORIZER, and authorizers are disabled: " +
	"give --mock-authorizer a file whose answer has usageIdentifierKey, or leave --disable-authorizer out"

// refuseKey is the answer to a key that is good for nothing: 403 Forbidden, whatever is the matter (rest-gateway 6.2).
func refuseKey(found *route, key *usage.Key, value, source string, from apigw.APIKeySource) *apigw.Error {
	refusal := &apigw.Error{Type: apigw.InvalidAPIKey}
	switch {
	case value == "":
		refusal.Code = trace.KeyMissing
		refusal.Reason = fmt.Sprintf("%s requires an API key, and there is none in %s", found.key, source)
		refusal.Hint = "send x-api-key: VALUE with the value of a key of the route file"
		if from == apigw.AuthorizerKeySource {
			// rest-authorizer 9.6.
			refusal.Hint = "apiKeySource is AUTHORIZER: the authorizer must answer with usageIdentifierKey; the x-api-key header is not looked at"
			if found.authorizer == nil {
				refusal.Hint = "apiKeySource is AUTHORIZER, and the route has no authorizer that could answer with usageIdentifierKey: give it one"
			}
		}
	case key == nil:
		refusal.Code = trace.KeyUnknown
		refusal.Reason = fmt.Sprintf("%s requires an API key, and %s in %s is the value of no key", found.key, trace.Mask(value), source)
		refusal.Hint = "compare the value with apiKeys in the route file; values are compared with case"
	case key.Disabled:
		refusal.Code = trace.KeyDisabled
		refusal.Reason = fmt.Sprintf("API key %q is disabled", key.ID)
		refusal.Hint = "set enabled: true on the key in the route file"
	case key.Plan == "":
		refusal.Code, refusal.Confidence = trace.KeyNoPlan, trace.Documented
		refusal.Reason = fmt.Sprintf("API key %q is in no usage plan of this stage", key.ID)
		refusal.Hint = "add the key's id to the apiKeys of a plan in usagePlans"
	default:
		return nil
	}
	return refusal
}

// admit takes a token of every throttle and one of the quota, or refuses the request.
func (x *exchange) admit(found *route, method *usage.Method, key *usage.Key) *apigw.Error {
	admission := method.Admit(key, !x.explained)
	detail := &trace.UsageDetail{Resource: x.request.ResourceID, Throttles: make([]trace.ThrottleLevel, len(admission.Levels))}
	if key != nil {
		detail.Plan, detail.KeyID = key.Plan, key.ID
	}
	now := x.gateway.options.Now()
	for i := range admission.Levels {
		level := &admission.Levels[i]
		detail.Throttles[i] = trace.ThrottleLevel{
			Of: string(level.Scope), Route: level.Route, RateLimit: level.RateLimit, BurstLimit: level.BurstLimit, TokensLeft: level.TokensLeft,
		}
		if level.Wait > 0 && level.Wait < usage.Never {
			next := now.Add(level.Wait).UTC()
			detail.Throttles[i].NextToken = &next
		}
	}
	if q := &admission.Quota; admission.HasQuota {
		detail.Quota = &trace.QuotaLevel{Limit: q.Limit, Period: string(q.Period), Used: q.Used, Left: q.Left, Resets: q.Resets}
	}
	// AWS calls its throttles best effort.
	step := trace.Step{Name: "usage", Source: found.source, Confidence: trace.Documented, Detail: detail}
	var refusal *apigw.Error
	switch admission.Verdict {
	case usage.Admitted:
	case usage.QuotaExceeded:
		refusal = quotaExceeded(key, &admission.Quota)
	case usage.Throttled:
		refusal = throttled(found, key, &admission.Levels[admission.Decided])
	case usage.Undecided:
		refusal = &apigw.Error{Type: apigw.Throttled, Code: trace.UsageThrottled, Reason: "nobody decided whether the request may pass"}
	}
	if refusal != nil {
		step.Code, step.Confidence = refusal.Code, refusal.Certainty()
	}
	x.step(step)
	return refusal
}

func quotaExceeded(key *usage.Key, q *usage.QuotaLevel) *apigw.Error {
	return &apigw.Error{
		Type: apigw.QuotaExceeded, Code: trace.UsageQuotaExceeded,
		Reason: fmt.Sprintf("API key %q has used the %d requests that usage plan %q gives it a %s", key.ID, q.Limit, key.Plan, periodName(q.Period)),
		// rest-gateway 14 G5.
		Hint: fmt.Sprintf("the next %s begins at %s (AWS does not say when its own does); until then raise the quota, or move the clock or reset the counters on the control listener",
			periodName(q.Period), q.Resets.Format(time.RFC3339)),
	}
}

func periodName(p apigw.Period) string {
	switch p {
	case apigw.Week:
		return "week"
	case apigw.Month:
		return "month"
	case apigw.Day:
	}
	return "day"
}

func throttled(found *route, key *usage.Key, level *usage.Level) *apigw.Error {
	refusal := &apigw.Error{Type: apigw.Throttled, Code: trace.UsageThrottled}
	whose := fmt.Sprintf("the stage's throttle of %s", cmp.Or(level.Route, found.key))
	switch level.Scope {
	case usage.PlanScope:
		whose = fmt.Sprintf("the throttle of API key %q in usage plan %q", key.ID, key.Plan)
		if level.Route != "" {
			whose += " for " + level.Route
		}
	case usage.AccountScope:
		whose = "the throttle of the account"
		refusal.Confidence = trace.Inferred // its place in the order, rest-gateway 14 G4
	case usage.StageScope:
		// A published execution log of 2019 has it after the authorizer, for a resource and a method.
		refusal.Confidence = trace.Reported
	}
	refusal.Reason = fmt.Sprintf("%s is empty: %g requests a second, %d at once", whose, level.RateLimit, level.BurstLimit)
	switch {
	case level.BurstLimit == 0:
		refusal.Hint = "a burstLimit of 0 lets no request pass; raise rateLimit and burstLimit"
	case level.Wait == usage.Never:
		refusal.Hint = "with a rateLimit of 0 no token ever comes back; raise it"
	default:
		refusal.Hint = fmt.Sprintf("the next token comes back in %v; ask less often, retry later and later, or raise rateLimit and burstLimit", level.Wait.Round(time.Millisecond))
	}
	return refusal
}

// Usage says what API keys and methods have used. It is not ok without a deployment.
func (g *Gateway) Usage() (report usage.Report, ok bool) {
	d := g.deployment.Load()
	if d == nil {
		return usage.Report{}, false
	}
	return d.usage.Report(), true
}

// ResetUsage fills every throttle and forgets what was counted toward quotas.
func (g *Gateway) ResetUsage() { g.usage.Reset() }
