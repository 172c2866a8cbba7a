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
		f := api.FunctionNamed(r.Function)
		routes[i] = Route{
			Method: r.Method, Path: r.Path, URL: baseURL + api.BasePath + r.Path, Function: f.Name, Target: target(f), Source: r.Position.String(),
			APIKey: r.APIKeyRequired,
		}
		if a := api.AuthorizerOf(r); a != nil {
			routes[i].Authorizer = &RouteAuthorizer{
				Name: a.Name, Type: string(a.Type), TTL: int(a.ResultTTL.Seconds()), Function: a.Function, Disabled: e.options.DisableAuthorizer,
			}
		}
	}
	return routes
}

// target says how a function is reached.
func target(f apigw.Function) string {
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
