package policy

import "strings"

// Invoke is the action that API Gateway checks for an ordinary request
// (iam-policy A4).
const Invoke = "execute-api:Invoke"

// A Verdict is what a policy says about a request. The zero Verdict denies.
type Verdict uint8

// The verdicts, from weakest to strongest.
const (
	ImplicitDeny Verdict = iota // no statement applies
	Allow                       // a statement allows, none denies
	ExplicitDeny                // a statement denies, whatever others allow
)

// String gives the verdict's name, as in ImplicitDeny.
func (v Verdict) String() string {
	switch v {
	case Allow:
		return "Allow"
	case ExplicitDeny:
		return "ExplicitDeny"
	case ImplicitDeny:
	}
	return "ImplicitDeny"
}

// MarshalText gives the verdict's name.
func (v Verdict) MarshalText() ([]byte, error) {
	return []byte(v.String()), nil
}

// An Effect is what a statement does when it applies.
type Effect uint8

// The two effects; the zero Effect denies.
const (
	EffectDeny Effect = iota
	EffectAllow
)

// String gives the effect as a policy writes it.
func (e Effect) String() string {
	if e == EffectAllow {
		return "Allow"
	}
	return "Deny"
}

// MarshalText gives the effect as a policy writes it.
func (e Effect) MarshalText() ([]byte, error) {
	return []byte(e.String()), nil
}

// A Request is what a policy decides on. The caller is anonymous to IAM, as
// every caller of a method with a Lambda authorizer is (iam-policy P6).
type Request struct {
	Action   string  // in any case; empty means [Invoke]
	Resource string  // the method ARN; an opaque text, compared case-sensitively
	Context  Context // the condition keys that exist; nil means none
}

// Context gives the condition keys of a request. A Policy asks for keys in
// lower case, as key names are case-insensitive (iam-policy C2). A key with no
// values counts as absent, like one that is not there. A Policy only reads the
// values, and only during the call.
type Context interface {
	Values(key string) (values []string, ok bool)
}

// MapContext is a Context from a map. Its keys may be in any case; of several
// spellings of one key the one in lower case counts, then the first in order.
type MapContext map[string][]string

// Values gives the values of a key. Spelling keys in lower case makes it fast.
func (m MapContext) Values(key string) ([]string, bool) {
	if values, ok := m[key]; ok {
		return values, true
	}
	spelling, found := "", false
	for name := range m {
		if strings.EqualFold(name, key) && (!found || name < spelling) {
			spelling, found = name, true
		}
	}
	return m[spelling], found
}

func lookup(ctx Context, key string) []string {
	if ctx == nil {
		return nil
	}
	values, _ := ctx.Values(key)
	return values
}

// A Policy is a parsed and compiled document. It does not change and may be
// used by several goroutines at once.
type Policy struct {
	source     string
	version    *string
	id         *string
	single     bool // Statement was one object, not a list
	resource   bool // a resource policy of an API, not an authorizer's answer
	needs      bool
	statements []statement
	glances    []glance // one for each statement
}

// Source gives the text that the policy was parsed from.
func (p *Policy) Source() string {
	return p.source
}

// Len gives the number of statements.
func (p *Policy) Len() int {
	return len(p.statements)
}

// NeedsContext reports whether a decision can depend on the request's context:
// on a condition or on a policy variable. A caller may leave Request.Context
// nil when it does not.
func (p *Policy) NeedsContext() bool {
	return p.needs
}

// Combine gives the outcome of an authorizer's policy and a resource policy of
// the same account (iam-policy 11, table A): any explicit deny denies, else
// any allow allows, so a resource policy can let through what the authorizer's
// policy is silent on.
func Combine(authorizer, resource Verdict) Verdict {
	return max(authorizer, resource)
}
