package trace

// Code is the stable name of an outcome. A refusal's trace ends with the code that decided; docs/codes.md has the
// meaning and the cure of each.
type Code string

// The codes, in the order of the pipeline.
const (
	RouteUnknownStage          Code = "route.unknown_stage"
	RouteNotFound              Code = "route.not_found"
	RouteNotFoundAuthorization Code = "route.not_found_authorization"
	// RouteOpen is a request that may pass, to a route without an authorizer. Only an explanation ends with it.
	RouteOpen Code = "route.open"

	ResourcePolicyExplicitDeny Code = "resource_policy.explicit_deny"
	ResourcePolicyImplicitDeny Code = "resource_policy.implicit_deny"

	IdentityMissing  Code = "identity.missing"
	IdentityEmpty    Code = "identity.empty"
	IdentityMismatch Code = "identity.mismatch"

	CacheHit  Code = "cache.hit"
	CacheMiss Code = "cache.miss"
	CacheOff  Code = "cache.off"

	// AuthorizerDisabled is an authorizer that was not asked, because authorizers are disabled. The request may pass.
	AuthorizerDisabled       Code = "authorizer.disabled"
	AuthorizerUnauthorized   Code = "authorizer.unauthorized"
	AuthorizerError          Code = "authorizer.error"
	AuthorizerTimeout        Code = "authorizer.timeout"
	AuthorizerOutputInvalid  Code = "authorizer.output_invalid"
	AuthorizerPolicyInvalid  Code = "authorizer.policy_invalid"
	AuthorizerContextInvalid Code = "authorizer.context_invalid"

	PolicyAllow        Code = "policy.allow"
	PolicyExplicitDeny Code = "policy.explicit_deny"
	PolicyImplicitDeny Code = "policy.implicit_deny"

	KeyMissing  Code = "key.missing"
	KeyUnknown  Code = "key.unknown"
	KeyDisabled Code = "key.disabled"
	KeyNoPlan   Code = "key.no_plan"

	UsageThrottled     Code = "usage.throttled"
	UsageQuotaExceeded Code = "usage.quota_exceeded"

	RequestParameters Code = "request.parameters"
	RequestBody       Code = "request.body"

	LimitBody      Code = "limit.body"
	LimitHeaders   Code = "limit.headers"
	LimitURI       Code = "limit.uri"
	LimitMethodARN Code = "limit.method_arn"

	IntegrationOK          Code = "integration.ok"
	IntegrationError       Code = "integration.error"
	IntegrationMalformed   Code = "integration.malformed"
	IntegrationTimeout     Code = "integration.timeout"
	IntegrationUnreachable Code = "integration.unreachable"

	// ClientGone is a client that went away before its request was complete or answered.
	ClientGone Code = "client.gone"
	// GatewayError is a fault of gatewayd itself. It refuses the request.
	GatewayError Code = "gateway.error"
)

// Confidence says how sure the source of an AWS rule is.
type Confidence string

// Recorded: seen on AWS and kept. Documented: AWS says so. Reported: somebody saw it. Inferred: concluded from the others.
const (
	Recorded   Confidence = "recorded"
	Documented Confidence = "documented"
	Reported   Confidence = "reported"
	Inferred   Confidence = "inferred"
)
