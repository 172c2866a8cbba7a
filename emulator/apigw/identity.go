package apigw

import (
	"fmt"
	"slices"
	"strings"
)

// SourceKind is where an identity source is looked up.
type SourceKind int

// The kinds of identity sources (rest-authorizer 1.1 to 1.4).
const (
	HeaderSource SourceKind = iota
	QueryStringSource
	MultiValueHeaderSource
	MultiValueQueryStringSource
	StageVariableSource
	ContextSource
)

// prefix is what a source of this kind starts with.
func (k SourceKind) prefix() string {
	switch k {
	case HeaderSource:
		return "method.request.header."
	case QueryStringSource:
		return "method.request.querystring."
	case MultiValueHeaderSource:
		return "method.request.multivalueheader."
	case MultiValueQueryStringSource:
		return "method.request.multivaluequerystring."
	case StageVariableSource:
		return "stageVariables."
	case ContextSource:
		return "context."
	}
	return ""
}

// IdentitySource is one value that a request must bring for an authorizer to be called at all.
type IdentitySource struct {
	Kind     SourceKind
	Name     string
	Position Position
}

// String is the source as CloudFormation writes it: method.request.header.Authorization.
func (s IdentitySource) String() string { return s.Kind.prefix() + s.Name }

// contextVariables are the context variables that have a value for an anonymous caller; any other would make every
// request a 401.
func contextVariables() []string {
	return []string{
		"accountId", "apiId", "deploymentId", "domainName", "domainPrefix", "extendedRequestId", "httpMethod",
		"identity.apiKey", "identity.sourceIp", "identity.userAgent", "path", "protocol", "requestId", "requestTime", "requestTimeEpoch",
		"resourceId", "resourcePath", "stage",
	}
}

// ParseIdentitySource reads one identity source. The position is left to the caller.
func ParseIdentitySource(text string) (IdentitySource, error) {
	for kind := HeaderSource; kind <= ContextSource; kind++ {
		name, ok := strings.CutPrefix(text, kind.prefix())
		if !ok {
			continue
		}
		if name == "" {
			return IdentitySource{}, fmt.Errorf("identity source %q names nothing after %q", text, kind.prefix())
		}
		if strings.ContainsAny(name, " \t,") {
			return IdentitySource{}, fmt.Errorf("identity source %q: %q is no name; several sources are a list", text, name)
		}
		if kind == ContextSource && !slices.Contains(contextVariables(), name) {
			return IdentitySource{}, fmt.Errorf("identity source %q has no value for an anonymous caller, so every request would be refused%s",
				text, Suggest(name, contextVariables()))
		}
		return IdentitySource{Kind: kind, Name: name}, nil
	}
	if strings.HasPrefix(text, "method.request.path.") {
		// rest-authorizer 1.4.
		return IdentitySource{}, fmt.Errorf("identity source %q: a path parameter cannot be an identity source", text)
	}
	return IdentitySource{}, fmt.Errorf("identity source %q must start with method.request.header., method.request.querystring., stageVariables., or context. and a name", text)
}
