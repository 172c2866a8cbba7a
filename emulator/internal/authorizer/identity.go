package authorizer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/trace"
)

// Identity is what a request brought for an authorizer's identity sources.
type Identity struct {
	Sources []trace.IdentitySource

	key   string // of the result: the values of all sources, in their configured order
	token string // of a TOKEN authorizer: the whole header value
}

// identitySource is an identity source and its name as the trace writes it.
type identitySource struct {
	apigw.IdentitySource
	name string
}

// Identify finds the identity sources of a request. Every source must be there and not empty, with and without caching,
// and a token must match its validation expression, or the authorizer is not called (rest-authorizer 1.7 to 1.9, 2.2).
func (a *Authorizer) Identify(r *event.Request) (Identity, *apigw.Error) {
	return a.IdentifyInto(r, make([]trace.IdentitySource, 0, len(a.sources)))
}

// IdentifyInto is Identify for a caller that has room for the sources.
func (a *Authorizer) IdentifyInto(r *event.Request, sources []trace.IdentitySource) (Identity, *apigw.Error) {
	id := Identity{Sources: sources[:0]}
	var refusal *apigw.Error
	for _, source := range a.sources {
		value, found := lookup(r, source.IdentitySource)
		id.Sources = append(id.Sources, trace.IdentitySource{
			Source: source.name, Value: value, Found: found, Repeated: repeated(r, source.IdentitySource),
		})
		if value == "" && refusal == nil {
			refusal = a.missing(r, source.IdentitySource, found)
		}
	}
	if refusal != nil {
		return id, refusal
	}
	id.key = a.cacheKey(r, id.Sources)
	if a.kind != apigw.TokenAuthorizer {
		return id, nil
	}
	id.token = id.Sources[0].Value
	// A token that has a kept result has matched before: what a hit costs is not the expression's affair.
	if a.expression != nil && !a.results.Has(id.key) {
		if err := a.expression.match(id.token); err != nil {
			return id, &apigw.Error{
				Type: apigw.Unauthorized, Code: trace.IdentityMismatch, Cause: err,
				Reason: fmt.Sprintf("authorizer %q was not called: the value of %s %v %s", a.name, a.sources[0], err, a.expression),
				Hint:   "the expression must match the whole header value, with any prefix such as Bearer" + tokenAdvice(id.token, a.expression),
			}
		}
	}
	return id, nil
}

// lookup finds the value of one identity source.
func lookup(r *event.Request, source apigw.IdentitySource) (value string, found bool) {
	switch source.Kind {
	case apigw.HeaderSource:
		return r.Header(source.Name)
	case apigw.QueryStringSource:
		return r.QueryValue(source.Name)
	case apigw.MultiValueHeaderSource, apigw.MultiValueQueryStringSource:
		values := allValues(r, source)
		if !slices.ContainsFunc(values, func(v string) bool { return v != "" }) {
			return "", len(values) > 0
		}
		return strings.Join(values, ","), true
	case apigw.StageVariableSource:
		value, found = r.Stage.Variables[source.Name]
		return value, found
	case apigw.ContextSource:
		return r.ContextVariable(source.Name)
	}
	return "", false
}

// repeated reports whether the request has several values for a source that has one: the last one counts, which nobody has seen
// AWS do (rest-authorizer 1.12, 1.13).
func repeated(r *event.Request, source apigw.IdentitySource) bool {
	switch source.Kind {
	case apigw.HeaderSource:
		return r.HeaderRepeated(source.Name)
	case apigw.QueryStringSource:
		return r.QueryRepeated(source.Name)
	case apigw.MultiValueHeaderSource, apigw.MultiValueQueryStringSource, apigw.StageVariableSource, apigw.ContextSource:
	}
	return false
}

// allValues are the values of a source that has several, nil for one that has one.
func allValues(r *event.Request, source apigw.IdentitySource) []string {
	if source.Kind == apigw.MultiValueHeaderSource {
		return r.HeaderValues(source.Name)
	}
	if source.Kind == apigw.MultiValueQueryStringSource {
		return r.QueryValues(source.Name)
	}
	return nil
}

// missing is the refusal for a source that is absent or empty.
func (a *Authorizer) missing(r *event.Request, source apigw.IdentitySource, found bool) *apigw.Error {
	e := &apigw.Error{Type: apigw.Unauthorized, Code: trace.IdentityMissing}
	state := "absent"
	if found {
		e.Code, state = trace.IdentityEmpty, "empty"
	}
	e.Reason = fmt.Sprintf("authorizer %q was not called: its identity source %s is %s", a.name, source, state)
	switch source.Kind {
	case apigw.HeaderSource, apigw.MultiValueHeaderSource:
		e.Hint = fmt.Sprintf("send the header, for example with curl -H '%s: …'", source.Name)
		if token, sent := r.Header("Authorization"); sent && token != "" && !strings.EqualFold(source.Name, "Authorization") {
			e.Hint += "; the Authorization header that was sent is not this authorizer's identity source"
		}
	case apigw.QueryStringSource, apigw.MultiValueQueryStringSource:
		e.Hint = fmt.Sprintf("add ?%s=… to the URL; names of query parameters are case-sensitive", source.Name)
	case apigw.StageVariableSource:
		e.Hint = "set it under api.stageVariables in the route file"
	case apigw.ContextSource:
		e.Hint = "the request has no such value; drop the source from identitySource"
	}
	if repeated(r, source) {
		e.Hint = "it was sent several times, and the last value counts; send it once"
	}
	return e
}

// tokenAdvice names the commonest reason for a token that does not match.
func tokenAdvice(token string, e *expression) string {
	const bearer = "Bearer "
	switch {
	case len(token) > len(bearer) && strings.EqualFold(token[:len(bearer)], bearer) && !strings.HasPrefix(token, bearer):
		return "; the prefix is case-sensitive"
	case !strings.HasPrefix(token, bearer) && e.match(bearer+token) == nil:
		return "; the token was sent without the prefix Bearer"
	}
	return ""
}

// cacheKey joins the values so that no two requests with other values have the same key. One value, the usual case, is its
// own key.
func (a *Authorizer) cacheKey(r *event.Request, sources []trace.IdentitySource) string {
	var key strings.Builder
	for i, s := range sources {
		values := allValues(r, a.sources[i].IdentitySource)
		if values == nil {
			if len(sources) == 1 {
				return s.Value
			}
			values = []string{s.Value}
		}
		key.WriteString(strconv.Itoa(len(values)))
		for _, value := range values {
			key.WriteByte(':')
			key.WriteString(strconv.Itoa(len(value)))
			key.WriteByte(':')
			key.WriteString(value)
		}
	}
	return key.String()
}
