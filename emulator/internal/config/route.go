package config

import (
	"net/http"
	"slices"
	"strings"

	"gatewayd/emulator/apigw"

	"gopkg.in/yaml.v3"
)

func (d *decoder) decodeRoutes(n *yaml.Node, api *apigw.API) {
	fields, _ := d.mapping(n, "routes")
	keys := routeKeys()
	api.Routes = slices.Grow(api.Routes, len(fields))
	for _, f := range fields {
		route := apigw.Route{Position: d.at(f.key)}
		before := d.failures
		if d.decodeRoute(f, keys, &route); route.Function == "" && route.HTTP == nil && route.Mock == nil && d.failures > before {
			route.Function = unreadable
		}
		if d.routeKey(f, &route) && !f.again {
			api.Routes = append(api.Routes, route)
		}
	}
}

// routeKey reads METHOD PATH. Which methods and paths there are is the model's to say.
func (d *decoder) routeKey(f field, route *apigw.Route) bool {
	words := strings.Fields(f.name)
	switch {
	case len(words) == 2:
		route.Method, route.Path = words[0], words[1]
		return true
	case len(words) == 0:
		d.report(f.key, "a route's key must be METHOD PATH, such as GET /pets")
	case len(words) > 2:
		d.report(f.key, "route %q must be METHOD PATH with one space; a path has none", f.name)
	case strings.HasPrefix(words[0], "/"):
		d.report(f.key, "route %q has no method; write GET %s, or ANY %s for every method", f.name, words[0], words[0])
	default:
		d.report(f.key, "route %q has no path; write %s /", f.name, words[0])
	}
	return false
}

// routeKeyText is METHOD PATH with one space.
func routeKeyText(text string) string { return strings.Join(strings.Fields(text), " ") }

func (d *decoder) decodeRoute(f field, keys []key[apigw.Route], route *apigw.Route) {
	n := follow(f.value)
	switch {
	case n.Tag == reported:
		d.failures++
	case n.Kind == yaml.MappingNode:
		object(d, n, "route "+f.name, keys, route)
	case n.Kind == yaml.ScalarNode && n.Tag != nullTag && n.Value != "":
		route.Function, route.FunctionPosition = n.Value, d.at(f.value)
	case n.Kind == yaml.SequenceNode:
		d.report(n, "route %q must be one function, not a list", f.name)
	default:
		d.report(n, "route %q is empty; write the name of a function, or { function: NAME }, { http: URI } or { mock: { … } }", f.name)
	}
}

// routeKeys are the keys of one route's long form.
func routeKeys() []key[apigw.Route] {
	return []key[apigw.Route]{
		key[apigw.Route]{
			name: "function", doc: "The function that answers.", schema: nameSchema(),
			decode: func(d *decoder, route *apigw.Route, f field) {
				if name, ok := d.name(f.value, f.name); ok {
					route.Function, route.FunctionPosition = name, d.at(f.value)
				}
			},
		}.spelled("functionArn", "functionName", "handler", "integration", "lambda", "uri", "x-amazon-apigateway-integration"),
		key[apigw.Route]{
			name: "authorizer", doc: "The authorizer that guards the route, or NONE; by default the defaultAuthorizer.", schema: nameSchema(),
			decode: func(d *decoder, route *apigw.Route, f field) {
				if name, ok := d.name(f.value, f.name); ok {
					route.Authorizer, route.AuthorizerPosition = name, d.at(f.value)
				}
			},
		}.spelled("auth", "authorization", "authorizationType", "authorizerId", "security"),
		{
			name: "http", doc: "The HTTP endpoint that answers, an HTTP_PROXY integration: its URI, in which {NAME} is a path parameter, or more about it.",
			schema: httpSchema(),
			decode: func(d *decoder, route *apigw.Route, f field) { d.decodeHTTP(route, f) },
		},
		{
			name: "mock", doc: "The response that is always given, a MOCK integration.", schema: objectSchema(mockKeys()),
			decode: func(d *decoder, route *apigw.Route, f field) {
				route.Mock = &apigw.Mock{Status: http.StatusOK, Position: d.at(f.key)}
				object(d, f.value, "mock", mockKeys(), route.Mock)
			},
		},
		key[apigw.Route]{
			name: "apiKeyRequired", doc: "Whether a request needs an API key that is enabled and in a usage plan.",
			schema: schema{"type": "boolean", "default": false},
			decode: func(d *decoder, route *apigw.Route, f field) {
				if required, ok := d.boolean(f.value, f.name); ok {
					route.APIKeyRequired, route.APIKeyPosition = required, d.at(f.value)
				}
			},
		}.spelled("private", "apiKey"),
		key[apigw.Route]{
			name: "requestParameters", doc: "Parameters of the request, and whether they are required: { method.request.querystring.page: true }.",
			schema: schema{
				"type": "object", "additionalProperties": schema{"type": "boolean"},
				"propertyNames": schema{"pattern": `^method\.request\.(path|querystring|header)\..`},
			},
			decode: func(d *decoder, route *apigw.Route, f field) { route.RequestParameters = d.requestParameters(f) },
		}.spelled("requestParameter", "parameters"),
		key[apigw.Route]{
			name: "requestModels", doc: "The model of the body by content type; $default is for every other one.", schema: mapSchema(nameSchema()),
			decode: func(d *decoder, route *apigw.Route, f field) { route.RequestModels = d.requestModels(f) },
		}.spelled("requestModel", "requestSchemas", "schemas"),
		requestValidatorKey(),
	}
}
