package config

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"

	"gatewayd/emulator/apigw"
)

// schema is a JSON Schema.
type schema map[string]any

// Schema returns the JSON Schema of a route file as far as gatewayd enforces it, for editors. It is draft 7, which every
// editor's YAML support understands. It knows each key, its type and its range; what depends on another part of the
// file, such as whether an authorizer exists, only [Read] and [apigw.API.Validate] know.
func Schema() []byte {
	root := objectSchema(fileKeys())
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "gatewayd route file"
	root["required"] = []string{"routes"}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		panic(err) // of maps, lists, texts and numbers only
	}
	return buffer.Bytes()
}

// objectSchema is a mapping with the keys of a table.
func objectSchema[T any](keys []key[T]) schema {
	properties := schema{}
	for _, k := range keys {
		property := schema{"description": k.doc}
		maps.Copy(property, k.schema)
		properties[k.name] = property
	}
	return schema{"type": "object", "additionalProperties": false, "properties": properties}
}

// mapSchema is a mapping with any keys.
func mapSchema(value schema) schema {
	return schema{"type": "object", "additionalProperties": value}
}

// functionsSchema is a mapping of names to functions, each with exactly one way to be reached.
func functionsSchema() schema {
	function := objectSchema(functionKeys())
	program := schema{"anyOf": []schema{{"required": []string{"command"}}, {"required": []string{"runtime"}}}}
	function["oneOf"] = []schema{
		{"required": []string{"handler"}, "not": program},
		{"required": []string{"url"}},
		{"required": []string{"command"}},
		{"required": []string{"runtime", "handler"}},
	}
	return mapSchema(function)
}

func authorizersSchema() schema {
	authorizer := objectSchema(authorizerKeys())
	authorizer["required"] = []string{"function"}
	return mapSchema(authorizer)
}

// routesSchema is a mapping of METHOD PATH to a function or a route's keys.
func routesSchema() schema {
	long := objectSchema(routeKeys())
	long["oneOf"] = []schema{{"required": []string{"function"}}, {"required": []string{"http"}}, {"required": []string{"mock"}}}
	routes := mapSchema(schema{"anyOf": []schema{nameSchema(), long}})
	methods := append(apigw.Methods(), apigw.AnyMethod)
	routes["propertyNames"] = schema{"pattern": `^\s*(` + strings.Join(methods, "|") + `)\s+/\S*\s*$`}
	return routes
}

// textSchema is what can be read as text: accountId: 123456789012 is a number to YAML.
func textSchema() schema { return schema{"type": []string{"string", "number", "boolean"}} }

// nameSchema is text that is not empty.
func nameSchema() schema {
	text := textSchema()
	text["minLength"] = 1
	return text
}

// httpSchema is a URI, or a mapping that has one.
func httpSchema() schema {
	long := objectSchema(httpKeys())
	long["required"] = []string{"uri"}
	return schema{"anyOf": []schema{nameSchema(), long}}
}
