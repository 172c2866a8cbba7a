package authpolicy

// What every statement of these policies has in common.
const (
	Version = "2012-10-17"         // of the policy language
	Action  = "execute-api:Invoke" // what a caller of an API does
)

// Effect is what a statement does with the requests that it matches.
type Effect string

// The two effects. A request that a Deny matches is refused, whatever else is allowed.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Response is an authorizer's answer, as API Gateway reads it. It refuses members that it does not know (rest-authorizer 5.4),
// and there are no others.
type Response struct {
	PrincipalID        string         `json:"principalId"`
	PolicyDocument     PolicyDocument `json:"policyDocument"`
	Context            map[string]any `json:"context,omitempty"`
	UsageIdentifierKey string         `json:"usageIdentifierKey,omitempty"`
}

// PolicyDocument is an IAM policy.
type PolicyDocument struct {
	Version   string
	Statement []Statement
}

// Statement allows or denies the methods whose ARN one of its resources matches. Each resource may have 512 characters.
type Statement struct {
	Action   string
	Effect   Effect
	Resource []string
	// Condition is left out when empty: API Gateway answers 500 to a null (rest-authorizer 5.7).
	Condition Conditions `json:",omitempty"`
}
