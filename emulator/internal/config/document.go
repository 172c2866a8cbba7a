package config

import (
	"encoding/json"

	"gopkg.in/yaml.v3"
)

// document takes a JSON document that is written in YAML, a policy for example, as it is written: 2012-10-17 is text here,
// not a date, and 012345678901 no octal number.
func (d *decoder) document(n *yaml.Node, what string) json.RawMessage {
	before := d.failures
	value := d.value(n, what)
	if d.failures > before {
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		d.report(n, "%s cannot be written as JSON: %v", what, err)
		return nil
	}
	return text
}

func (d *decoder) value(n *yaml.Node, what string) any {
	n = follow(n)
	switch n.Kind {
	case yaml.MappingNode:
		members := map[string]any{}
		fields, _ := d.mapping(n, what)
		for _, f := range fields {
			members[f.name] = d.value(f.value, what+"."+f.name)
		}
		return members
	case yaml.SequenceNode:
		if !d.visit(n, 1+len(n.Content)) {
			return nil
		}
		items := make([]any, len(n.Content))
		for i, item := range n.Content {
			items[i] = d.value(item, what)
		}
		return items
	}
	switch n.Tag {
	case reported:
		d.failures++
		return nil
	case nullTag:
		return nil
	case "!!bool":
		return n.Value == "true" || n.Value == "True" || n.Value == "TRUE"
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
	}
	return n.Value
}
