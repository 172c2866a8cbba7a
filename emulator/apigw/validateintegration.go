package apigw

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// checkIntegration refuses a route that answers in no way, or in several, or in one that cannot work.
func (v *validator) checkIntegration(r *Route, user string) {
	at := r.FunctionPosition
	if at == (Position{}) {
		at = r.Position
	}
	switch count := countTrue(r.Function != "", r.HTTP != nil, r.Mock != nil); {
	case count > 1:
		v.report(r.Position, "%s has more than one of function, http and mock; a route has one integration", user)
	case r.HTTP != nil:
		v.checkHTTPProxy(r, user)
	case r.Mock != nil:
		v.checkMock(r, user)
	default:
		v.checkFunctionName(r.Function, at, user)
	}
}

func (v *validator) checkHTTPProxy(r *Route, user string) {
	h := r.HTTP
	at := h.Position
	if at == (Position{}) {
		at = r.Position
	}
	if h.Method != "" && h.Method != AnyMethod && !slices.Contains(Methods(), h.Method) {
		v.report(at, "%s: integrationHttpMethod %q must be one of %s or ANY%s", user, h.Method, strings.Join(Methods(), ", "),
			Suggest(h.Method, append(Methods(), AnyMethod)))
	}
	if h.Timeout != 0 && (h.Timeout < MinIntegrationTimeout || h.Timeout > MaxIntegrationTimeout) {
		v.report(at, "%s: timeoutInMillis must be from %d to %d", user, MinIntegrationTimeout.Milliseconds(), MaxIntegrationTimeout.Milliseconds())
	}
	known := r.pathParameters()
	for _, p := range h.Parameters {
		v.checkMappedParameter(&p, r, user)
		if p.To == PathParameterKind {
			known = append(known, p.Name)
		}
	}
	expanded, missing := v.api.ExpandStageVariables(h.URI)
	if len(missing) > 0 {
		return // every request is a 500 then, which is a finding
	}
	uri, err := ParseURI(expanded)
	if err != nil {
		v.report(at, "%s: http: %v", user, err)
		return
	}
	for _, name := range uri.Names {
		if !slices.Contains(known, name) {
			v.report(at, "%s: http: the route has no path parameter {%s}%s", user, name, Suggest(name, known))
		}
	}
}

func (v *validator) checkMappedParameter(p *MappedParameter, r *Route, user string) {
	if p.To == HeaderParameter && !headerName(p.Name) {
		v.report(p.Position, "%s: requestParameters: %q is no name of a header", user, p.Name)
	}
	name, ok := strings.CutPrefix(p.From, "method.request.path.")
	if known := r.pathParameters(); ok && !slices.Contains(known, name) {
		v.report(p.Position, "%s: requestParameters: the route has no path parameter {%s}%s", user, name, Suggest(name, known))
	}
}

func (v *validator) checkMock(r *Route, user string) {
	m := r.Mock
	at := m.Position
	if at == (Position{}) {
		at = r.Position
	}
	const last = 599
	if m.Status < http.StatusOK || m.Status > last {
		v.report(at, "%s: mock: statusCode must be from %d to %d", user, http.StatusOK, last)
	}
	for _, h := range m.Headers {
		if !headerName(h.Name) {
			v.report(at, "%s: mock: %q is no name of a header", user, h.Name)
		}
	}
}

// headerName reports whether a header can have this name: it is a token of RFC 9110.
func headerName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool { return !alphanumeric(r) && !strings.ContainsRune("!#$%&'*+-.^_`|~", r) }) < 0
}

// pathParameters are the names of the path's parameters.
func (r *Route) pathParameters() []string {
	var names []string
	for segment := range strings.SplitSeq(r.Path, "/") {
		if name, _, err := PathParameter(segment); err == nil && name != "" {
			names = append(names, name)
		}
	}
	return names
}

// integrationFindings are what makes API Gateway answer 500 to every request of a route.
func (v *validator) integrationFindings(r *Route) {
	if r.HTTP == nil {
		return
	}
	if _, reason := v.api.Misconfigured(r); reason != "" {
		v.report(r.HTTP.Position, "route %q: %s; AWS, and gatewayd, answer 500 to every request", r.Key(), reason)
	}
}

// Misconfigured says why every request to a route is answered 500, and what to do about it: such an API can be deployed on AWS.
func (a *API) Misconfigured(r *Route) (hint, reason string) {
	if r.HTTP == nil {
		return "", ""
	}
	if _, missing := a.ExpandStageVariables(r.HTTP.URI); len(missing) > 0 {
		return "set it under stageVariables", fmt.Sprintf("the stage variable %q of the integration's URI is not set", missing[0])
	}
	for _, p := range r.HTTP.Parameters {
		if p.To == HeaderParameter && IllegalHeader(p.Name) {
			return "leave it out", fmt.Sprintf("the header %s cannot be mapped", p.Name)
		}
	}
	return "", ""
}
