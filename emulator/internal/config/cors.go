package config

import (
	"math"

	"gatewayd/emulator/apigw"

	"gopkg.in/yaml.v3"
)

// decodeCORS takes an origin, SAM's short form, or a mapping.
func (d *decoder) decodeCORS(f field, api *apigw.API) {
	cors := &apigw.CORS{Position: d.at(f.key)}
	api.CORS = cors
	if n := follow(f.value); n.Kind == yaml.ScalarNode {
		if origin, ok := d.name(n, f.name); ok {
			cors.AllowOrigin, cors.OriginPosition = origin, d.at(n)
		}
		return
	}
	object(d, f.value, f.name, corsKeys(), cors)
}

// corsKeys are the keys of cors.
func corsKeys() []key[apigw.CORS] {
	list := schema{"type": "array", "minItems": 1, "items": nameSchema()}
	return []key[apigw.CORS]{
		key[apigw.CORS]{
			name: "allowOrigins", doc: "The origin whose pages may read answers, \"*\" by default. A REST API answers with one.",
			schema: schema{"anyOf": []schema{nameSchema(), {"type": "array", "minItems": 1, "maxItems": 1, "items": nameSchema()}}},
			decode: func(d *decoder, cors *apigw.CORS, f field) { d.origin(f, cors) },
		}.spelled("allowOrigin", "origin", "origins", "allowedOrigins"),
		key[apigw.CORS]{
			name: "allowHeaders", doc: "The headers that a page may send; by default the header is not sent, and a page may send none that needs it.", schema: list,
			decode: func(d *decoder, cors *apigw.CORS, f field) {
				cors.AllowHeaders, cors.HeadersPosition = d.names(f), d.at(f.value)
			},
		}.spelled("headers", "allowedHeaders"),
		key[apigw.CORS]{
			name: "allowMethods", doc: "The methods that a page may use; by default those of each path, and OPTIONS.", schema: list,
			decode: func(d *decoder, cors *apigw.CORS, f field) {
				cors.AllowMethods, cors.MethodsPosition = d.names(f), d.at(f.value)
			},
		}.spelled("methods", "allowedMethods"),
		whole("maxAge", "How long a browser may keep the answer, in seconds; by default the header is not sent.", 0, math.MaxInt32, 0,
			func(cors *apigw.CORS, seconds int) { cors.MaxAge, cors.HasMaxAge = seconds, true }).spelled("maxAgeSeconds"),
		key[apigw.CORS]{
			name: "allowCredentials", doc: "Whether a page may send cookies and the like; it needs an origin by name.", schema: schema{"type": "boolean", "default": false},
			decode: func(d *decoder, cors *apigw.CORS, f field) {
				if allowed, ok := d.boolean(f.value, f.name); ok {
					cors.AllowCredentials, cors.CredentialsPosition = allowed, d.at(f.value)
				}
			},
		}.spelled("credentials"),
	}
}

// origin takes one origin, or a list of one.
func (d *decoder) origin(f field, cors *apigw.CORS) {
	n := follow(f.value)
	if n.Kind == yaml.SequenceNode && n.Tag != reported {
		switch len(n.Content) {
		case 0:
			d.report(n, "%s is an empty list; leave it out for *", f.name)
			return
		case 1:
			n = follow(n.Content[0])
		default:
			d.report(n.Content[1], "%s: a REST API's preflight is answered with one static origin; to choose among several, answer OPTIONS with a function that compares the Origin header", f.name)
			n = follow(n.Content[0])
		}
	}
	if origin, ok := d.name(n, f.name); ok {
		cors.AllowOrigin, cors.OriginPosition = origin, d.at(n)
	}
}

// names takes a list of names that is not empty.
func (d *decoder) names(f field) []string {
	before := d.failures
	names := d.list(f.value, f.name)
	if len(names) == 0 && d.failures == before {
		d.report(follow(f.value), "%s is an empty list; leave it out", f.name)
	}
	return names
}
