package config

import (
	"errors"
	"strings"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/mapping"

	"gopkg.in/yaml.v3"
)

// decodeHTTP reads an HTTP_PROXY integration: its URI, or a mapping.
func (d *decoder) decodeHTTP(route *apigw.Route, f field) {
	route.HTTP = &apigw.HTTPProxy{Position: d.at(f.value)}
	before := d.failures
	if n := follow(f.value); n.Kind == yaml.MappingNode {
		object(d, n, "http", httpKeys(), route.HTTP)
		if route.HTTP.URI == "" && d.failures == before {
			d.report(n, "http has no uri")
		}
	} else {
		d.decodeURI(route.HTTP, f)
	}
	if route.HTTP.URI == "" {
		route.HTTP.URI = unreadableURL
	}
}

// decodeURI leaves stage variables to the model: they are no part of the process's environment.
func (d *decoder) decodeURI(integration *apigw.HTTPProxy, f field) {
	if uri, ok := d.name(f.value, f.name); ok {
		integration.URI, integration.Position = d.expandBut(follow(f.value), uri, "stageVariables."), d.at(f.value)
	}
}

// httpKeys are the keys of an HTTP_PROXY integration's long form.
func httpKeys() []key[apigw.HTTPProxy] {
	return []key[apigw.HTTPProxy]{
		key[apigw.HTTPProxy]{
			name: "uri", doc: "The endpoint. {NAME} is a path parameter, ${stageVariables.NAME} a stage variable; ${NAME} and ${NAME:-default} are expanded from the environment.",
			schema: nameSchema(),
			decode: func(d *decoder, integration *apigw.HTTPProxy, f field) { d.decodeURI(integration, f) },
		}.spelled("url", "integrationUri", "endpoint"),
		text("integrationHttpMethod", "The method of the request to the endpoint, the client's by default.",
			func(integration *apigw.HTTPProxy, method string) { integration.Method = method }).spelled("method", "httpMethod", "integrationMethod"),
		key[apigw.HTTPProxy]{
			name: "requestParameters", doc: "What the request to the endpoint has besides the client's: integration.request.header.NAME, .querystring.NAME or .path.NAME, each with a mapping expression.",
			schema: mapSchema(nameSchema()),
			decode: func(d *decoder, integration *apigw.HTTPProxy, f field) {
				integration.Parameters = d.mappedParameters(f)
			},
		}.spelled("parameters", "headers"),
		whole("timeoutInMillis", "How long API Gateway waits for the endpoint, in milliseconds.",
			int(apigw.MinIntegrationTimeout.Milliseconds()), int(apigw.MaxIntegrationTimeout.Milliseconds()), int(apigw.MaxIntegrationTimeout.Milliseconds()),
			func(integration *apigw.HTTPProxy, millis int) {
				integration.Timeout = time.Duration(millis) * time.Millisecond
			}).spelled("timeout"),
		{
			name: "tlsConfig", doc: "How the endpoint's certificate is checked.", schema: objectSchema(tlsKeys()),
			decode: func(d *decoder, integration *apigw.HTTPProxy, f field) {
				object(d, f.value, f.name, tlsKeys(), integration)
			},
		},
	}
}

func tlsKeys() []key[apigw.HTTPProxy] {
	return []key[apigw.HTTPProxy]{{
		name: "insecureSkipVerification", doc: "Any certificate of the endpoint will do, as long as it names the host.", schema: schema{"type": "boolean"},
		decode: func(d *decoder, integration *apigw.HTTPProxy, f field) {
			integration.Insecure, _ = d.boolean(f.value, f.name)
		},
	}}
}

// mappedParameters are the entries of requestParameters, in the order of the file.
func (d *decoder) mappedParameters(f field) []apigw.MappedParameter {
	fields, _ := d.mapping(f.value, f.name)
	var parameters []apigw.MappedParameter
	for _, entry := range fields {
		p := apigw.MappedParameter{Position: d.at(entry.key)}
		var ok bool
		if p.To, p.Name, ok = apigw.ParseMappedParameter(entry.name); !ok {
			d.report(entry.key, "%s: %q must be integration.request.header.NAME, integration.request.querystring.NAME or integration.request.path.NAME", f.name, entry.name)
			continue
		}
		if p.From, ok = d.name(entry.value, f.name+"."+entry.name); !ok {
			continue
		}
		if _, err := mapping.ParseExpression(p.From); err != nil {
			d.report(follow(entry.value), "%s: %v", f.name, err)
		} else if !entry.again {
			parameters = append(parameters, p)
		}
	}
	return parameters
}

// mockKeys are the keys of a MOCK integration.
func mockKeys() []key[apigw.Mock] {
	const least, most, preset = 200, 599, 200
	return []key[apigw.Mock]{
		whole("statusCode", "The status of the response.", least, most, preset, func(mock *apigw.Mock, status int) { mock.Status = status }).spelled("status", "code"),
		key[apigw.Mock]{
			name: "headers", doc: "The headers of the response, by name.", schema: mapSchema(textSchema()),
			decode: func(d *decoder, mock *apigw.Mock, f field) { mock.Headers = d.mockHeaders(f) },
		}.spelled("responseParameters"),
		key[apigw.Mock]{
			name: "body", doc: "The body of the response. $context.NAME, $stageVariables.NAME and $input.params('NAME') are replaced.", schema: textSchema(),
			decode: func(d *decoder, mock *apigw.Mock, f field) {
				if value, ok := d.text(f.value, "mock.body"); ok {
					mock.Body = d.template(follow(f.value), "mock.body", value)
				}
			},
		}.spelled("responseTemplates", "template"),
	}
}

func (d *decoder) mockHeaders(f field) []apigw.MockHeader {
	fields, _ := d.mapping(f.value, "mock.headers")
	var headers []apigw.MockHeader
	for _, entry := range fields {
		what := "mock.headers." + entry.name
		value, ok := d.text(entry.value, what)
		if !ok || entry.again {
			continue
		}
		// As in a mapping expression, quotes around a text are no part of it.
		if static, quoted := strings.CutPrefix(value, "'"); quoted && strings.HasSuffix(static, "'") {
			value = strings.TrimSuffix(static, "'")
		}
		headers = append(headers, apigw.MockHeader{Name: entry.name, Value: d.template(follow(entry.value), what, value)})
	}
	return headers
}

// template takes a text that is a template, and names the line of what is wrong with it.
func (d *decoder) template(n *yaml.Node, what, text string) string {
	_, err := mapping.ParseTemplate(text, mapping.MockIntegration)
	if problem, ok := errors.AsType[*mapping.Error](err); ok && strings.Contains(strings.TrimSpace(text), "\n") {
		d.report(n, "%s: line %d: %v", what, 1+strings.Count(text[:problem.Offset], "\n"), problem)
	} else if err != nil {
		d.report(n, "%s: %v", what, err)
	}
	return text
}
