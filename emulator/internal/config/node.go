package config

import (
	"fmt"
	"strconv"
	"strings"

	"gatewayd/emulator/apigw"

	"gopkg.in/yaml.v3"
)

const (
	// maxVisits bounds what aliases multiply: nine merges of nine merges would otherwise be read for hours.
	maxVisits = 500_000

	// maxProblems bounds the list: a file with so many is not a route file.
	maxProblems = 1_000

	// reported is the tag of a node that had its problem reported: whoever meets it later says nothing.
	reported = "!!reported"

	mergeTag = "!!merge"
	nullTag  = "!!null"
)

func (d *decoder) report(n *yaml.Node, format string, args ...any) {
	d.reportAt(n.Line, n.Column, format, args...)
}

func (d *decoder) reportAt(line, column int, format string, args ...any) {
	d.failures++
	if len(d.problems) > maxProblems {
		return
	}
	at := apigw.Position{File: d.file, Line: line, Column: column}
	message := fmt.Sprintf(format, args...)
	if len(d.problems) == maxProblems {
		message = fmt.Sprintf("more than %d problems; this and what follows is not reported", maxProblems)
	}
	d.problems = append(d.problems, apigw.Problem{Position: at, Message: message})
}

// wrong reports a value of the wrong type, unless the value was reported.
func (d *decoder) wrong(n *yaml.Node, what, want string) {
	if d.failures++; n.Tag != reported {
		d.report(n, "%s must be %s, not %s", what, want, describe(n))
	}
}

// visit accounts for so many nodes and reports whether the budget still has them.
func (d *decoder) visit(n *yaml.Node, count int) bool {
	if d.visits > maxVisits {
		return false
	}
	if d.visits += count; d.visits <= maxVisits {
		return true
	}
	d.report(n, "aliases expand to over %d nodes", maxVisits)
	return false
}

// follow returns what an alias stands for. guard has cut every cycle.
func follow(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// field is one key of a mapping.
type field struct {
	name       string
	key, value *yaml.Node
	again      bool // a repetition, reported: read for its problems only
}

// mapping lists the fields in the order of the file with merge keys applied: a mapping's own key wins, then the first merged.
func (d *decoder) mapping(n *yaml.Node, what string) ([]field, bool) {
	n = follow(n)
	if n.Kind != yaml.MappingNode || n.Tag == reported {
		d.wrong(n, what, "a mapping")
		return nil, false
	}
	if !d.visit(n, 1+len(n.Content)/2) {
		return nil, false
	}
	fields := make([]field, 0, len(n.Content)/2)
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := follow(n.Content[i]), n.Content[i+1]
		switch {
		case key.Tag == mergeTag:
			merges = append(merges, value)
			continue
		case key.Kind != yaml.ScalarNode || key.Tag == nullTag || key.Tag == reported:
			d.wrong(key, "a key", "a name")
			continue
		}
		first := seen[key.Value]
		if first == nil {
			seen[key.Value] = key
		} else {
			d.report(key, "key %q again, first at %s", key.Value, d.at(first))
		}
		fields = append(fields, field{name: key.Value, key: key, value: value, again: first != nil})
	}
	for _, merge := range merges {
		for _, f := range d.merged(merge) {
			if seen[f.name] == nil && !f.again {
				seen[f.name] = f.key
				fields = append(fields, f)
			}
		}
	}
	return fields, true
}

// merged lists the fields that a merge key brings: of a mapping, or of a list of mappings.
func (d *decoder) merged(n *yaml.Node) []field {
	sources := []*yaml.Node{n}
	if list := follow(n); list.Kind == yaml.SequenceNode && list.Tag != reported {
		sources = list.Content
	}
	var all []field
	for _, source := range sources {
		fields, _ := d.mapping(source, "a merged value")
		all = append(all, fields...)
	}
	return all
}

// text takes any scalar as it is written, so that 012345678901 is no octal number and 2012-10-17 no time.
func (d *decoder) text(n *yaml.Node, what string) (string, bool) {
	n = follow(n)
	if n.Kind != yaml.ScalarNode || n.Tag == nullTag || n.Tag == reported {
		d.wrong(n, what, "text")
		return "", false
	}
	return n.Value, true
}

// name is text that is not empty.
func (d *decoder) name(n *yaml.Node, what string) (string, bool) {
	value, ok := d.text(n, what)
	if ok && value == "" {
		d.report(n, "%s must not be empty", what)
		return "", false
	}
	return value, ok
}

// whole takes a decimal number only: YAML reads 010 as 8 and 1_000 as 1000, a person may not.
func (d *decoder) whole(n *yaml.Node, what string, least, most int) (int, bool) {
	n = follow(n)
	number, err := strconv.Atoi(n.Value)
	octal := len(n.Value) > 1 && strings.HasPrefix(n.Value, "0")
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil || octal || number < least || number > most {
		d.wrong(n, what, fmt.Sprintf("a whole number from %d to %d", least, most))
		return 0, false
	}
	return number, true
}

// list takes a list of text that is not empty.
func (d *decoder) list(n *yaml.Node, what string) []string {
	n = follow(n)
	if n.Kind != yaml.SequenceNode || n.Tag == reported {
		d.wrong(n, what, "a list")
		return nil
	}
	if !d.visit(n, 1+len(n.Content)) {
		return nil
	}
	values := make([]string, 0, len(n.Content))
	for _, item := range n.Content {
		if value, ok := d.name(item, "an item of "+what); ok {
			values = append(values, value)
		}
	}
	return values
}

func describe(n *yaml.Node) string {
	const long = 60
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == nullTag:
		return "empty"
	case len(n.Value) > long:
		return fmt.Sprintf("a text of %d bytes", len(n.Value))
	case n.Tag == "!!str" && n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		return "the text " + strconv.Quote(n.Value)
	}
	return strconv.Quote(n.Value)
}
