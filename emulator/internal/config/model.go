package config

import (
	"mime"
	"strconv"
	"strings"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/model"

	"gopkg.in/yaml.v3"
)

func (d *decoder) decodeModels(f field, api *apigw.API) {
	fields, _ := d.mapping(f.value, f.name)
	d.models = make(map[string]*yaml.Node, len(fields))
	for _, f := range fields {
		before := d.failures
		if n := follow(f.value); n.Kind != yaml.MappingNode {
			d.wrong(n, "model "+f.name, "a mapping, a JSON Schema")
		}
		schema := d.document(f.value, "model "+f.name)
		if d.failures > before {
			schema = []byte("{}")
		}
		if !f.again {
			api.Models = append(api.Models, apigw.Model{Name: f.name, Schema: schema, Position: d.at(f.key)})
			d.models[f.name] = f.value
		}
	}
}

// checkModels compiles the models, which name the API that they belong to.
func (d *decoder) checkModels(api *apigw.API) {
	if len(api.Models) == 0 {
		return
	}
	_, problems := model.Compile(api)
	for _, p := range problems {
		n := pointed(d.models[p.Model], p.Pointer)
		d.report(n, "model %q: %s", p.Model, p.Message)
	}
}

// pointed is the node to which keys and indexes lead, or the last one on the way.
func pointed(n *yaml.Node, pointer []string) *yaml.Node {
	for _, token := range pointer {
		switch list := follow(n); list.Kind {
		case yaml.MappingNode:
			child := lookup(list, token)
			if child.value == nil {
				return n
			}
			n = child.value
		case yaml.SequenceNode:
			index, err := strconv.Atoi(token)
			if err != nil || index < 0 || index >= len(list.Content) {
				return n
			}
			n = list.Content[index]
		default:
			return n
		}
	}
	return n
}

// requestParameters takes a mapping of method.request.LOCATION.NAME to whether it is required.
func (d *decoder) requestParameters(f field) []apigw.RequestParameter {
	fields, _ := d.mapping(f.value, f.name)
	var parameters []apigw.RequestParameter
	for _, p := range fields {
		parameter, err := apigw.ParseRequestParameter(p.name)
		if err != nil {
			d.report(p.key, "%v", err)
		}
		n := follow(p.value)
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
			d.wrong(n, p.name, "true or false: whether it is required")
			continue
		}
		parameter.Required, parameter.Position = strings.EqualFold(n.Value, "true"), d.at(p.key)
		if err == nil && !p.again {
			parameters = append(parameters, parameter)
		}
	}
	return parameters
}

// requestModels takes a mapping of content types to models.
func (d *decoder) requestModels(f field) []apigw.RequestModel {
	fields, _ := d.mapping(f.value, f.name)
	var models []apigw.RequestModel
	for _, m := range fields {
		name, ok := d.name(m.value, m.name)
		if _, parameters, err := mime.ParseMediaType(m.name); m.name != apigw.DefaultContentType && (err != nil || len(parameters) > 0 || !strings.Contains(m.name, "/")) {
			d.report(m.key, "%q is no content type, such as application/json, nor %s", m.name, apigw.DefaultContentType)
		} else if ok && !m.again {
			models = append(models, apigw.RequestModel{ContentType: m.name, Model: name, Position: d.at(m.value)})
		}
	}
	return models
}

// requestValidatorKey declares the key that turns validation on.
func requestValidatorKey() key[apigw.Route] {
	values := []string{string(apigw.ValidateAll), string(apigw.ValidateBody), string(apigw.ValidateParameters)}
	k := choice("requestValidator", "What is validated: the required parameters, the body, or both. By default nothing is.", values, nil,
		func(route *apigw.Route, value string) { route.Validator = apigw.RequestValidator(value) })
	k.schema = schema{"enum": values}
	return k.spelled("requestValidatorId", "validator", "validateBody", "validateParameters")
}
