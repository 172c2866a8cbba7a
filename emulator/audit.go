package emulator

import (
	"cmp"
	"fmt"
	"slices"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/control"
)

// Audit is what guards each route, and what of the route file is likely to let somebody in who was not meant to come in.
type Audit = control.Audit

// AuditedRoute is a route with what guards it.
type AuditedRoute = control.AuditedRoute

// AuditFinding is something that [Options].Strict refuses.
type AuditFinding = control.AuditFinding

// The states of a route.
const (
	Protected = control.Protected
	KeyOnly   = control.KeyOnly
	Open      = control.Open
)

// The codes of findings, which docs/strict.md explains.
const (
	findingOpenRoute        = "open-route"
	findingKeyOnly          = "key-only"
	findingOpenAny          = "open-any"
	findingUnusedAuthorizer = "unused-authorizer"
	findingSharedResult     = "shared-result"
	findingLint             = "lint"
)

// Audit looks through the routes that are served.
func (e *Emulator) Audit() Audit {
	audit := newAudit(e.Loaded().API).result()
	audit.Strict, audit.Disabled = e.options.Strict, e.options.DisableAuthorizer
	for i := range audit.Routes {
		switch {
		case !audit.Disabled:
		case audit.Routes[i].APIKey:
			audit.Routes[i].State = KeyOnly
		default:
			audit.Routes[i].State = Open
		}
	}
	return audit
}

// newAudit looks through an API that is valid.
func newAudit(api *apigw.API) *auditor {
	a := &auditor{api: api, used: map[string]bool{}, saysNone: map[apigw.Position]bool{}}
	for i := range api.Routes {
		a.route(&api.Routes[i])
	}
	for i := range api.Authorizers {
		a.authorizer(&api.Authorizers[i])
	}
	for _, finding := range api.Findings() {
		if !a.saysNone[finding.Position] {
			a.find(findingLint, finding.Position, "%s", finding.Message)
		}
	}
	slices.SortStableFunc(a.findings, func(a, b positioned) int {
		return cmp.Or(cmp.Compare(a.at.Line, b.at.Line), cmp.Compare(a.at.Column, b.at.Column))
	})
	return a
}

// auditor collects what is found.
type auditor struct {
	api      *apigw.API
	used     map[string]bool         // authorizers by name
	saysNone map[apigw.Position]bool // places of authorizer: NONE
	routes   []AuditedRoute
	findings []positioned // in the order of the file
}

// positioned is a finding, and where it stands among the others.
type positioned struct {
	AuditFinding
	at apigw.Position
}

func (a *auditor) find(code string, at apigw.Position, format string, args ...any) {
	a.findings = append(a.findings, positioned{AuditFinding{Code: code, Source: at.String(), Message: fmt.Sprintf(format, args...)}, at})
}

func (a *auditor) route(r *apigw.Route) {
	audited := AuditedRoute{Method: r.Method, Path: r.Path, State: Open, APIKey: r.APIKeyRequired, Source: r.Position.String()}
	if r.APIKeyRequired {
		audited.State = KeyOnly
	}
	guard := a.api.AuthorizerOf(r)
	switch {
	case guard != nil:
		audited.State, audited.Authorizer = Protected, guard.Name
		a.used[guard.Name] = true
	case r.Preflight: // cors asks for it
	case r.Authorizer != apigw.None && r.APIKeyRequired:
		a.find(findingKeyOnly, r.Position, "route %q asks for an API key only, which tells clients apart and authorizes none: name an authorizer, or say authorizer: NONE", r.Key())
	case r.Authorizer != apigw.None:
		a.find(findingOpenRoute, r.Position, "route %q is open, and nothing says that it is meant to be: name an authorizer, or say authorizer: NONE", r.Key())
	default:
		// The linter thinks little of NONE where there is no default. The audit asks for it.
		a.saysNone[r.AuthorizerPosition] = true
		if r.Method == apigw.AnyMethod && !r.APIKeyRequired {
			a.find(findingOpenAny, r.Position, "route %q is open for every method, those that write included: give each method that is meant a route of its own", r.Key())
		}
	}
	a.routes = append(a.routes, audited)
}

func (a *auditor) authorizer(guard *apigw.Authorizer) {
	if !a.used[guard.Name] {
		a.find(findingUnusedAuthorizer, guard.Position, "authorizer %q guards no route", guard.Name)
	}
	if guard.ResultTTL > 0 && !slices.ContainsFunc(guard.IdentitySources, tellsClients) {
		a.find(findingSharedResult, guard.Position,
			"authorizer %q keeps one result for every client, because no identity source tells them apart: add one, or set authorizerResultTtlInSeconds: 0", guard.Name)
	}
}

// tellsClients reports whether the value of an identity source depends on who sends the request.
func tellsClients(s apigw.IdentitySource) bool {
	switch s.Kind {
	case apigw.HeaderSource, apigw.QueryStringSource, apigw.MultiValueHeaderSource, apigw.MultiValueQueryStringSource:
		return true
	case apigw.ContextSource:
		return slices.Contains([]string{"identity.apiKey", "identity.sourceIp", "identity.userAgent", "requestId", "extendedRequestId"}, s.Name)
	case apigw.StageVariableSource:
	}
	return false
}

// result is the audit for a reader.
func (a *auditor) result() Audit {
	out := Audit{Routes: a.routes, Findings: make([]AuditFinding, len(a.findings))}
	for i := range a.findings {
		out.Findings[i] = a.findings[i].AuditFinding
	}
	return out
}

// problems are the findings as what keeps the file from being served.
func (a *auditor) problems() []apigw.Problem {
	out := make([]apigw.Problem, len(a.findings))
	for i, f := range a.findings {
		out[i] = apigw.Problem{Position: f.at, Message: fmt.Sprintf("%s [%s]", f.Message, f.Code)}
	}
	return out
}
