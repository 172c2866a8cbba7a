package gateway

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

// policyRequest is what policies decide on.
func (x *exchange) policyRequest() policy.Request {
	return policy.Request{Action: policy.Invoke, Resource: x.request.MethodARN, Context: conditionContext{x.request}}
}

// enforce evaluates the authorizer's policy against this request's own method ARN, for a kept result as for a new one
// (rest-authorizer 7.6), together with what the API's resource policy said (8.21).
func (x *exchange) enforce(found *route, result *authorizer.Result, resource policy.Verdict) *apigw.Error {
	detail := &x.account.policy
	*detail = trace.PolicyDetail{Policy: result.Policy, Request: x.policyRequest(), Principal: result.PrincipalID}
	request := &detail.Request
	verdict, index := result.Policy.Decide(request)
	verdict = policy.Combine(verdict, resource)
	step := trace.Step{Name: "policy", Source: found.authorizer.Source(), Confidence: trace.Recorded, Detail: detail}
	if x.deployment.policy != nil {
		detail.ResourcePolicy, step.Confidence = resource.String(), trace.Documented
	}
	var refusal *apigw.Error
	switch verdict {
	case policy.Allow:
		step.Code = trace.PolicyAllow
	case policy.ExplicitDeny:
		step.Code = trace.PolicyExplicitDeny
		refusal = x.explicitDeny(result, request, index)
	case policy.ImplicitDeny:
		step.Code = trace.PolicyImplicitDeny
		if x.gateway.options.Legacy {
			step.Confidence = trace.Reported // rest-authorizer 6.5
		}
		refusal = x.implicitDeny(result, request)
	}
	x.step(step)
	return refusal
}

func (x *exchange) explicitDeny(result *authorizer.Result, request *policy.Request, index int) *apigw.Error {
	_, diagnostic := result.Policy.Explain(request)
	statement := "a statement"
	if index >= 0 && index < len(diagnostic.Statements) {
		statement = "statement " + strconv.Itoa(index)
		if sid := diagnostic.Statements[index].Sid; sid != "" {
			statement += fmt.Sprintf(" (Sid %q)", sid)
		}
	}
	return &apigw.Error{
		Type: apigw.AccessDenied, Message: x.worded(apigw.ExplicitDenyMessage, apigw.LegacyExplicitDenyMessage), Code: trace.PolicyExplicitDeny,
		Reason: fmt.Sprintf("explicit deny: %s of %s denies %s", statement, x.policyName(result), x.shortARN(request.Resource)),
		Hint:   "a Deny wins over every Allow; remove it, or narrow its Resource or Condition" + x.cacheAdvice(),
	}
}

func (x *exchange) implicitDeny(result *authorizer.Result, request *policy.Request) *apigw.Error {
	_, diagnostic := result.Policy.Explain(request)
	e := &apigw.Error{
		Type: apigw.AccessDenied, Message: x.worded(apigw.ImplicitDenyMessage, apigw.LegacyImplicitDenyMessage), Code: trace.PolicyImplicitDeny,
	}
	var allowed, because []string
	byResource := true // every Allow names another resource, and nothing else is the matter
	for i := range diagnostic.Statements {
		s := &diagnostic.Statements[i]
		if s.Effect != policy.EffectAllow {
			continue
		}
		byResource = byResource && s.FailedOn == policy.ElementResource && s.Pattern != ""
		allowed = append(allowed, x.shortARN(s.Pattern))
		because = append(because, fmt.Sprintf("statement %d: %s", s.Index, s.Reason))
	}
	const most = 3
	because = because[:min(len(because), most)]
	switch {
	case len(allowed) == 0:
		e.Reason = fmt.Sprintf("implicit deny: %s allows nothing", x.policyName(result))
		e.Hint = "return a statement with Effect Allow for " + request.Resource + x.cacheAdvice()
	case byResource:
		slices.Sort(allowed)
		if allowed = slices.Compact(allowed); len(allowed) > most {
			allowed = append(allowed[:most], fmt.Sprintf("%d more", len(allowed)-most))
		}
		e.Reason = fmt.Sprintf("implicit deny: %s allows only %s, not %s", x.policyName(result), strings.Join(allowed, ", "), x.shortARN(request.Resource))
		e.Hint = strings.Join(because, "; ") + x.cacheAdvice()
	default:
		e.Reason = fmt.Sprintf("implicit deny: no statement of %s allows %s: %s", x.policyName(result), x.shortARN(request.Resource), strings.Join(because, "; "))
		e.Hint = "change what kept the statement from applying, or add one that allows " + request.Resource + x.cacheAdvice()
	}
	return e
}

// worded is the text of a denial: the service's own, or the one that it sent until 2023.
func (x *exchange) worded(today, legacy string) string {
	if x.gateway.options.Legacy {
		return legacy
	}
	return today
}

// policyName says where the policy comes from.
func (x *exchange) policyName(result *authorizer.Result) string {
	cache := x.trace.Cache
	if cache == nil || cache.WrittenBy == nil {
		return "the policy"
	}
	age := x.now.Sub(result.Written).Round(time.Second)
	return fmt.Sprintf("the policy cached %d s ago by %s %s", int(age.Seconds()), result.Writer.Method, result.Writer.Path)
}

// cacheAdvice points at the commonest surprise: a policy for one method ARN that is kept for others.
func (x *exchange) cacheAdvice() string {
	if x.trace.Cache == nil || x.trace.Cache.WrittenBy == nil {
		return ""
	}
	return "; while results are cached a policy must cover every route that shares the authorizer, or set authorizerResultTtlInSeconds: 0"
}

// shortARN leaves out what all method ARNs of the API have in common.
func (x *exchange) shortARN(arn string) string {
	if rest, ok := strings.CutPrefix(arn, x.deployment.arn); ok {
		return "…" + rest
	}
	return arn
}

// conditionContext gives a policy's conditions the keys that API Gateway has for a caller who signed nothing
// (iam-policy 9.1).
type conditionContext struct{ request *event.Request }

// Values returns the value of a condition key, which is given in lower case.
func (c conditionContext) Values(key string) ([]string, bool) {
	switch key {
	case "aws:currenttime":
		return []string{c.request.Time.UTC().Format("2006-01-02T15:04:05Z")}, true
	case "aws:epochtime":
		return []string{strconv.FormatInt(c.request.Time.Unix(), 10)}, true
	case "aws:securetransport":
		return []string{"true"}, true // API Gateway is HTTPS only (rest-authorizer 8.19)
	case "aws:sourceip":
		return []string{c.request.SourceIP}, true
	case "aws:useragent":
		return header(c.request, "User-Agent")
	case "aws:referer":
		return header(c.request, "Referer")
	}
	return nil, false
}

func header(r *event.Request, name string) ([]string, bool) {
	value, sent := r.Header(name)
	if !sent {
		return nil, false
	}
	return []string{value}, true
}
