package config

import (
	"errors"
	"mime"
	"net/http"
	"strings"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/mapping"

	"gopkg.in/yaml.v3"
)

func (d *decoder) decodeGatewayResponses(f field, api *apigw.API) {
	fields, _ := d.mapping(f.value, f.name)
	keys := gatewayResponseKeys()
	for _, f := range fields {
		response := apigw.GatewayResponse{Type: apigw.ResponseType(f.name), Position: d.at(f.key)}
		object(d, f.value, "gateway response "+f.name, keys, &response)
		if !f.again {
			api.GatewayResponses = append(api.GatewayResponses, response)
		}
	}
}

// gatewayResponseKeys are the keys of one gateway response.
func gatewayResponseKeys() []key[apigw.GatewayResponse] {
	return []key[apigw.GatewayResponse]{
		key[apigw.GatewayResponse]{
			name: "statusCode", doc: "The HTTP status, by default the one that the error has.",
			schema: schema{"anyOf": []schema{
				{"type": "integer", "minimum": http.StatusOK, "maximum": apigw.MaxStatus},
				{"type": "string", "pattern": "^[2-5][0-9][0-9]$"}, // CloudFormation's
			}},
			decode: func(d *decoder, response *apigw.GatewayResponse, f field) {
				n := *follow(f.value)
				if n.Tag == "!!str" {
					n.Tag = "!!int"
				}
				if status, ok := d.whole(&n, f.name, http.StatusOK, apigw.MaxStatus); ok {
					response.Status, response.StatusPosition = status, d.at(&n)
				}
			},
		}.spelled("status", "code"),
		key[apigw.GatewayResponse]{
			name: "headers", doc: "The headers that are added, by name: a text in single quotes, \"'*'\", or where the value comes from, method.request.header.Origin.",
			schema: mapSchema(nameSchema()),
			decode: func(d *decoder, response *apigw.GatewayResponse, f field) { response.Headers = d.headerMappings(f) },
		}.spelled("responseParameters", "responseHeaders", "parameters"),
		key[apigw.GatewayResponse]{
			name: "templates", doc: "The bodies, by content type: text with $context and $stageVariables in it.",
			schema: schema{"type": "object", "additionalProperties": textSchema(), "propertyNames": schema{"pattern": "/"}},
			decode: func(d *decoder, response *apigw.GatewayResponse, f field) {
				response.Templates = d.bodyTemplates(f, mapping.GatewayResponse)
			},
		}.spelled("responseTemplates", "template", "body"),
	}
}

func gatewayResponsesSchema() schema {
	var types []string
	for _, t := range apigw.ResponseTypes() {
		types = append(types, string(t))
	}
	responses := mapSchema(objectSchema(gatewayResponseKeys()))
	responses["propertyNames"] = schema{"enum": types}
	return responses
}

// headerMappings takes a mapping of header names to mapping expressions.
func (d *decoder) headerMappings(f field) []apigw.HeaderMapping {
	fields, _ := d.mapping(f.value, f.name)
	mappings := make([]apigw.HeaderMapping, 0, len(fields))
	for _, h := range fields {
		expression, ok := d.text(h.value, "header "+h.name)
		if !ok || h.again {
			continue
		}
		if _, err := mapping.ParseExpression(expression); err != nil {
			d.report(follow(h.value), "header %s: %v", h.name, err)
			continue
		}
		mappings = append(mappings, apigw.HeaderMapping{Name: h.name, Expression: expression, Position: d.at(h.key)})
	}
	return mappings
}

// bodyTemplates takes a mapping of content types to templates.
func (d *decoder) bodyTemplates(f field, dialect mapping.Dialect) []apigw.BodyTemplate {
	n := follow(f.value)
	if n.Kind == yaml.ScalarNode && n.Tag != nullTag && n.Tag != reported {
		d.report(n, "%s are given by content type: { application/json: '…' }", f.name)
		return nil
	}
	fields, _ := d.mapping(n, f.name)
	templates := make([]apigw.BodyTemplate, 0, len(fields))
	for _, t := range fields {
		if _, _, err := mime.ParseMediaType(t.name); err != nil || !strings.Contains(t.name, "/") || strings.Contains(t.name, "*") {
			d.report(t.key, "%q is no content type, such as application/json", t.name)
		}
		text, ok := d.text(t.value, t.name)
		if !ok || t.again {
			continue
		}
		d.checkTemplate(follow(t.value), text, dialect)
		templates = append(templates, apigw.BodyTemplate{ContentType: t.name, Text: text, Position: d.at(t.key)})
	}
	return templates
}

// checkTemplate reports what is wrong with a template, where it is wrong.
func (d *decoder) checkTemplate(n *yaml.Node, text string, dialect mapping.Dialect) {
	_, err := mapping.ParseTemplate(text, dialect)
	if refused, ok := errors.AsType[*mapping.Error](err); ok {
		at := d.within(n, text, refused.Offset)
		d.reportAt(at.Line, at.Column, "%v", err)
	}
}
