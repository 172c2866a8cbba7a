package emulator

import (
	"fmt"
	"strings"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/control"
)

// Route is a line of the route table: a method, what guards it, and what answers.
type Route = control.Route

// RouteAuthorizer is the authorizer that guards a route.
type RouteAuthorizer = control.RouteAuthorizer

// Routes lists the routes that are served, in the order of the route file. Their URLs begin with the base URL.
func (e *Emulator) Routes(baseURL string) []Route {
	api := e.Loaded().API
	routes := make([]Route, len(api.Routes))
	for i := range api.Routes {
		r := &api.Routes[i]
		routes[i] = Route{
			Method: r.Method, Path: r.Path, URL: baseURL + api.BasePath + r.Path,
			Function: r.Function, Target: target(api, r), Source: r.Position.String(), APIKey: r.APIKeyRequired,
		}
		if integration := r.Integration(); integration != apigw.LambdaProxy {
			routes[i].Integration = string(integration)
		}
		if a := api.AuthorizerOf(r); a != nil {
			routes[i].Authorizer = &RouteAuthorizer{
				Name: a.Name, Type: string(a.Type), TTL: int(a.ResultTTL.Seconds()), Function: a.Function, Disabled: e.options.DisableAuthorizer,
			}
		}
	}
	return routes
}

// target says what answers behind a route, and how it is reached.
func target(api *apigw.API, r *apigw.Route) string {
	switch r.Integration() {
	case apigw.HTTPProxyType:
		uri, _ := api.ExpandStageVariables(r.HTTP.URI)
		return fmt.Sprintf("%s (HTTP_PROXY)", uri)
	case apigw.MockIntegration:
		if r.Preflight {
			return "preflight (MOCK)"
		}
		return fmt.Sprintf("%d (MOCK)", r.Mock.Status)
	case apigw.LambdaProxy:
	}
	f := api.FunctionNamed(r.Function)
	switch {
	case f.URL != "":
		return fmt.Sprintf("%s (%s)", f.Name, f.URL)
	case f.Runtime != "":
		return fmt.Sprintf("%s (%s: %s)", f.Name, f.Runtime, f.Handler)
	case f.IsProgram():
		return fmt.Sprintf("%s (%s)", f.Name, strings.Join(f.Command, " "))
	case f.Handler != f.Name:
		return fmt.Sprintf("%s (in process: %s)", f.Name, f.Handler)
	}
	return fmt.Sprintf("%s (in process)", f.Name)
}
