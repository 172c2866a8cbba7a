package config

import (
	"gatewayd/emulator/apigw"

	"gopkg.in/yaml.v3"
)

// What stands in for what was reported. It is declared like any other, so that validation does not report it again.
const (
	unreadable    = "(unreadable)"
	unreadableURL = "http://unreadable.invalid/"
)

func (d *decoder) decodeFile(root *yaml.Node, api *apigw.API) {
	known := false
	if f := foreign(root); f.key != nil {
		d.report(f.key, "%s: this is %s; gatewayd reads a route file of its own", f.name, foreignFiles()[f.name])
	} else {
		known = object(d, root, "the file", fileKeys(), api)
	}
	if d.failures == 0 {
		return
	}
	api.Functions = append(api.Functions, apigw.Function{Name: unreadable, URL: unreadableURL})
	routes := lookup(root, "routes")
	misspelled := routes.key == nil && !known
	misread := routes.key != nil && !emptyMapping(follow(routes.value))
	if len(api.Routes) == 0 && (misspelled || misread) {
		api.Routes = append(api.Routes, apigw.Route{Method: apigw.AnyMethod, Path: "/", Function: unreadable})
	}
}

func emptyMapping(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && len(n.Content) == 0
}

// foreignFiles are the keys by which other tools' files are known.
func foreignFiles() map[string]string {
	return map[string]string{
		"AWSTemplateFormatVersion": "a CloudFormation template",
		"Resources":                "a CloudFormation template",
		"openapi":                  "an OpenAPI definition",
		"swagger":                  "an OpenAPI definition",
		"service":                  "a file of the Serverless Framework",
	}
}

func foreign(root *yaml.Node) field {
	files := foreignFiles()
	for i := 0; root.Kind == yaml.MappingNode && i < len(root.Content); i += 2 {
		if n := root.Content[i]; files[n.Value] != "" {
			return field{name: n.Value, key: n, value: root.Content[i+1]}
		}
	}
	return field{}
}

// lookup returns the first field of that name of a mapping, or none. It reports nothing.
func lookup(n *yaml.Node, name string) field {
	n = follow(n)
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if key := follow(n.Content[i]); key.Kind == yaml.ScalarNode && key.Value == name {
			return field{name: name, key: key, value: n.Content[i+1]}
		}
	}
	return field{}
}

// fileKeys are the keys of the file itself.
func fileKeys() []key[apigw.API] {
	return []key[apigw.API]{
		{
			name: "api", doc: "The REST API and the stage that it is deployed to.", schema: objectSchema(apiKeys()),
			decode: func(d *decoder, api *apigw.API, f field) {
				api.Position, api.Positions = d.at(f.key), map[string]apigw.Position{}
				object(d, f.value, "api", apiKeys(), api)
			},
		},
		{
			name: "functions", doc: "Lambda functions that are not simply in-process ones, by the name that routes and authorizers call them.",
			schema: functionsSchema(),
			decode: func(d *decoder, api *apigw.API, f field) { d.decodeFunctions(f.value, api) },
		},
		key[apigw.API]{
			name: "authorizers", doc: "Lambda authorizers, by name.", schema: authorizersSchema(),
			decode: func(d *decoder, api *apigw.API, f field) { d.decodeAuthorizers(f.value, api) },
		}.spelled("securityDefinitions", "securitySchemes"),
		key[apigw.API]{
			name: "defaultAuthorizer", doc: "The authorizer of every route that names none; a route says authorizer: NONE to be open.",
			schema: nameSchema(),
			decode: func(d *decoder, api *apigw.API, f field) {
				if name, ok := d.name(f.value, f.name); ok {
					api.DefaultAuthorizer, api.DefaultPosition = name, d.at(f.value)
				}
			},
		}.spelled("security"),
		key[apigw.API]{
			name: "routes", doc: "What answers, by METHOD PATH: GET /pets/{petId}. The method may be ANY, the last segment {name+}.",
			schema: routesSchema(),
			decode: func(d *decoder, api *apigw.API, f field) { d.decodeRoutes(f.value, api) },
		}.spelled("paths", "events", "endpoints"),
		{
			name: "apiKeys", doc: "API keys, which tell clients apart. A route asks for one with apiKeyRequired.",
			schema: listSchema(required(objectSchema(apiKeyKeys()), "value")),
			decode: func(d *decoder, api *apigw.API, f field) { d.decodeAPIKeys(api, f) },
		},
		{
			name: "usagePlans", doc: "What the clients that have an API key may use of the API.",
			schema: listSchema(required(objectSchema(usagePlanKeys()), "name")),
			decode: func(d *decoder, api *apigw.API, f field) { d.decodeUsagePlans(api, f) },
		},
		key[apigw.API]{
			name: "throttle", doc: "What the stage lets through, whoever asks. Without it only usage plans throttle.",
			schema: required(objectSchema(stageThrottleKeys()), "rateLimit", "burstLimit"),
			decode: func(d *decoder, api *apigw.API, f field) { d.decodeThrottle(api, f) },
		}.spelled("throttling", "methodSettings", "defaultRouteSettings"),
		key[apigw.API]{
			name:   "gatewayResponses",
			doc:    "The answers to requests that API Gateway refuses, by response type; DEFAULT_4XX and DEFAULT_5XX are for the types that are not there.",
			schema: gatewayResponsesSchema(),
			decode: func(d *decoder, api *apigw.API, f field) { d.decodeGatewayResponses(f, api) },
		}.spelled("responses", "x-amazon-apigateway-gateway-responses"),
		key[apigw.API]{
			name: "cors", doc: "Adds an OPTIONS method to every path that has none, which answers browsers' preflights: an origin, or more.",
			schema: schema{"anyOf": []schema{nameSchema(), objectSchema(corsKeys())}},
			decode: func(d *decoder, api *apigw.API, f field) { d.decodeCORS(f, api) },
		}.spelled("corsConfiguration", "enableCors"),
		key[apigw.API]{
			name: "resourcePolicy", doc: "The API's resource policy, an IAM policy document. Resources may be written execute-api:/stage/METHOD/path.",
			schema: schema{"type": "object"},
			decode: func(d *decoder, api *apigw.API, f field) {
				api.ResourcePolicy, api.PolicyPosition = d.document(f.value, f.name), d.at(f.value)
			},
		}.spelled("policy", "x-amazon-apigateway-policy"),
		key[apigw.API]{
			name: "models", doc: "Models of bodies by name: JSON Schema of draft 4. They refer to each other by https://apigateway.amazonaws.com/restapis/API_ID/models/NAME.",
			schema: mapSchema(schema{"type": "object"}),
			decode: func(d *decoder, api *apigw.API, f field) { d.decodeModels(f, api) },
		}.spelled("definitions", "schemas", "components"),
	}
}
