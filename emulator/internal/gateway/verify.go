package gateway

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

// maxShadows is how many authorizers are called in the shadow at a time. A hit that comes meanwhile is not verified: neither
// its request nor the next ones wait for it, and no queue grows.
const maxShadows = 8

// Verified is a request that a kept result decided, and what the authorizer says now. AWS answers by the kept result, and so
// was the request.
type Verified struct {
	Authorizer, Source string // the source is where it stands in the route file
	Route              string
	Request            trace.Writer // the request itself
	WrittenBy          trace.Writer // the one whose call of the authorizer gave the kept result

	Skipped bool // there was no room for a call, and nothing else is known

	Kept, Fresh trace.Code // what either decides
	Members     []string   // of the answer that differ while the decision does not: principalId, context.NAME, usageIdentifierKey
	Reason      string     // what differs, in words; "" when nothing does. Secrets are masked.
	Hint        string
}

// Differs reports whether the kept result and the authorizer disagree.
func (v *Verified) Differs() bool { return v.Reason != "" }

// verifier calls authorizers in the shadow of requests that found a kept result.
type verifier struct {
	slots  chan struct{}
	report func(Verified)
}

// shadow is a kept result that is compared with what the authorizer says now. It needs nothing of the exchange that changes.
type shadow struct {
	authorizer *authorizer.Authorizer
	request    *event.Request
	identity   authorizer.Identity
	kept       *authorizer.Result
	resource   policy.Verdict // of the API's resource policy
	secrets    bool           // are told
	verified   Verified
}

// verify has the authorizer called in the shadow of a request that found a kept result. It returns at once.
func (x *exchange) verify(ctx context.Context, found *route, id authorizer.Identity, kept *authorizer.Result, resource policy.Verdict) {
	v := x.gateway.verifier
	if v == nil || x.explained || x.trace.Cache == nil || x.trace.Cache.State != trace.Hit {
		return
	}
	s := shadow{
		authorizer: found.authorizer, request: x.request, identity: id, kept: kept, resource: resource, secrets: x.gateway.options.Secrets,
		verified: Verified{
			Authorizer: found.authorizer.Name(), Source: found.authorizer.Source(), Route: found.key,
			Request:   trace.Writer{RequestID: x.request.ID, Method: x.request.Method, Path: x.trace.Path, Time: x.now},
			WrittenBy: trace.Writer{RequestID: kept.Writer.RequestID, Method: kept.Writer.Method, Path: kept.Writer.Path, Time: kept.Written},
		},
	}
	select {
	case v.slots <- struct{}{}:
	default:
		s.verified.Skipped = true
		v.report(s.verified)
		return
	}
	ended := x.gateway.options.Tracker.Begin("authorizer "+s.verified.Authorizer+", in the shadow", x.request.ID)
	// The client may be gone before the authorizer has answered.
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer ended()
		defer func() { <-v.slots }()
		s.compare(ctx)
		v.report(s.verified)
	}()
}

// compare calls the authorizer, and tells what its answer would have changed. Its answer is not kept.
func (s *shadow) compare(ctx context.Context) {
	v := &s.verified
	v.Kept, v.Fresh = s.decision(s.kept), trace.GatewayError
	fresh, refusal := s.call(ctx)
	if refusal != nil {
		v.Fresh = refusal.Code
		s.tell(refusal.Reason)
		return
	}
	if v.Fresh = s.decision(fresh); v.Fresh != v.Kept {
		s.tell("its policy of now decides " + string(v.Fresh))
		return
	}
	if v.Members = differing(s.kept, fresh); v.Members != nil {
		s.tell(fmt.Sprintf("it now answers with another %s", enumerated(v.Members)))
	}
}

// call is a call of the authorizer. A fault of ours is a refusal, as it is for requests.
func (s *shadow) call(ctx context.Context) (fresh *authorizer.Result, refusal *apigw.Error) {
	defer fault(&refusal)
	fresh, _, refusal = s.authorizer.Call(ctx, s.request, s.identity)
	return fresh, refusal
}

// decision is what a result means for the request.
func (s *shadow) decision(result *authorizer.Result) trace.Code {
	verdict, _ := result.Policy.Decide(&policy.Request{
		Action: policy.Invoke, Resource: s.request.MethodARN, Context: conditionContext{s.request},
	})
	switch policy.Combine(verdict, s.resource) {
	case policy.Allow:
		return trace.PolicyAllow
	case policy.ExplicitDeny:
		return trace.PolicyExplicitDeny
	case policy.ImplicitDeny:
	}
	return trace.PolicyImplicitDeny
}

// tell puts the difference in words.
func (s *shadow) tell(now string) {
	v := &s.verified
	did, allowed := "refused", v.Kept == trace.PolicyAllow
	if allowed {
		did = "let in"
	}
	age := max(0, int(v.Request.Time.Sub(v.WrittenBy.Time).Round(time.Second).Seconds()))
	of := trace.Trace{ShowSecrets: s.secrets, Steps: []trace.Step{{Detail: trace.IdentityDetail{Sources: s.identity.Sources}}}}
	v.Reason = of.Mask(trace.Brief(fmt.Sprintf("%s %s was %s by the result of authorizer %q that %s %s had cached %d s ago; called again, %s",
		v.Request.Method, v.Request.Path, did, v.Authorizer, v.WrittenBy.Method, v.WrittenBy.Path, age, now)))
	switch {
	case v.Members != nil:
		v.Hint = "the integration is given the answer of the cached request: let it depend on the identity sources alone, or add what it depends on to them"
	case allowed && v.Fresh == trace.AuthorizerUnauthorized:
		v.Hint = "a token that was revoked or has expired stays good while its result is cached: lower authorizerResultTtlInSeconds"
	case v.Fresh != trace.PolicyAllow && v.Fresh != trace.PolicyExplicitDeny && v.Fresh != trace.PolicyImplicitDeny:
		v.Hint = "the authorizer fails now, which cached results hide until they expire"
	default:
		v.Hint = "a policy must not depend on the method or the path while it is cached: cover every route that shares the authorizer, " +
			"or set authorizerResultTtlInSeconds: 0"
	}
}

// differing are the members of an authorizer's answer, but for the policy, that are not the same.
func differing(kept, fresh *authorizer.Result) []string {
	var names []string
	if kept.PrincipalID != fresh.PrincipalID {
		names = append(names, "principalId")
	}
	if kept.UsageIdentifierKey != fresh.UsageIdentifierKey {
		names = append(names, "usageIdentifierKey")
	}
	before, now := contextValues(kept), contextValues(fresh)
	for name, value := range before {
		if other, ok := now[name]; !ok || !bytes.Equal(value, other) {
			names = append(names, "context."+name)
		}
	}
	for name := range now {
		if _, ok := before[name]; !ok {
			names = append(names, "context."+name)
		}
	}
	slices.Sort(names)
	return names
}

func contextValues(r *authorizer.Result) map[string][]byte {
	values := make(map[string][]byte, len(r.Context))
	for _, v := range r.Context {
		values[v.Name] = v.Value
	}
	return values
}

// enumerated is a list of names in words, the first of them.
func enumerated(names []string) string {
	const most = 3
	text := strings.Join(names[:min(len(names), most)], ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
