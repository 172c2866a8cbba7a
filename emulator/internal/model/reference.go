package model

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatewayd/emulator/apigw"
)

// checkReferences holds each $ref of a schema: to a place in the model itself, or by its URL to a model of the same API
// (rest-gateway 7.4).
func (c *compiler) checkReferences(model string, root, node any, at []string) {
	switch node := node.(type) {
	case map[string]any:
		if text, ok := node["$ref"].(string); ok {
			if problem := c.checkReference(root, text); problem != "" {
				c.report(model, append(slices.Clone(at), "$ref"), "$ref %q %s", text, problem)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(node)) {
			if key != "enum" && key != "default" { // values, not schemas
				c.checkReferences(model, root, node[key], append(slices.Clone(at), key))
			}
		}
	case []any:
		for i, item := range node {
			c.checkReferences(model, root, item, append(slices.Clone(at), strconv.Itoa(i)))
		}
	}
}

// checkReference returns what is wrong with a reference, or "".
func (c *compiler) checkReference(root any, text string) string {
	const service = "https://apigateway.amazonaws.com/restapis/"
	if pointer, local := strings.CutPrefix(text, "#"); local {
		if pointer == "" || !strings.HasPrefix(pointer, "/") || resolves(root, pointer) {
			return "" // an anchor is left to the library
		}
		name := pointer[strings.LastIndexByte(pointer, '/')+1:]
		if slices.Contains(c.names, name) {
			return "is not in this model; the model of that name is " + c.base + name
		}
		return "is not in this model"
	}
	rest, ok := strings.CutPrefix(text, service)
	name, isModel := "", false
	if ok {
		_, name, isModel = strings.Cut(rest, "/models/")
		name, _, _ = strings.Cut(name, "#")
	}
	switch {
	case !isModel && slices.Contains(c.names, text):
		return "must be the model's URL, " + c.base + text
	case !isModel:
		return "must be # and a place in the model, or the URL of a model, " + c.base + "NAME"
	case !strings.HasPrefix(text, c.base):
		return "is of another API; this one's models are " + c.base + "NAME (the id is api.id)"
	case !slices.Contains(c.names, name):
		suggestion := apigw.Suggest(name, c.names)
		return "is no model of this API" + suggestion
	}
	return ""
}

// resolves reports whether the fragment of a reference leads somewhere.
func resolves(root any, fragment string) bool {
	tokens := strings.Split(strings.TrimPrefix(fragment, "/"), "/")
	for i, token := range tokens {
		if decoded, err := url.PathUnescape(token); err == nil {
			token = decoded
		}
		tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
	}
	return valueAt(root, tokens) != nil
}

// valueAt is the value to which keys and indexes lead, nil for none.
func valueAt(node any, pointer []string) any {
	for _, token := range pointer {
		switch n := node.(type) {
		case map[string]any:
			node = n[token]
		case []any:
			index, err := strconv.Atoi(token)
			if err != nil || index < 0 || index >= len(n) {
				return nil
			}
			node = n[index]
		default:
			return nil
		}
	}
	return node
}
