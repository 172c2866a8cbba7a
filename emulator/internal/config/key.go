package config

import (
	"slices"
	"strconv"
	"strings"

	"gatewayd/emulator/apigw"

	"gopkg.in/yaml.v3"
)

// key declares one key of a mapping that is decoded into a T.
type key[T any] struct {
	name   string
	doc    string // a sentence for editors
	schema schema // of the value
	decode func(d *decoder, to *T, f field)

	also []string // what other tools call it, offered as "did you mean"
}

// spelled adds the names that AWS's own and other tools have for the key.
func (k key[T]) spelled(names ...string) key[T] {
	k.also = append(k.also, names...)
	return k
}

// needed is a key that must be there, and so has no default.
func (k key[T]) needed() key[T] {
	delete(k.schema, "default")
	return k
}

// object decodes a mapping by its table of keys and reports whether it knows all of them.
func object[T any](d *decoder, n *yaml.Node, what string, keys []key[T], to *T) bool {
	fields, known := d.mapping(n, what)
	for _, f := range fields {
		i := slices.IndexFunc(keys, func(k key[T]) bool { return k.name == f.name })
		if i < 0 {
			if known = false; len(d.problems) <= maxProblems {
				d.report(f.key, "unknown key %q%s", f.name, suggestKey(f.name, keys))
			}
			continue
		}
		target := to
		if f.again {
			scratch := *to
			target = &scratch
		}
		keys[i].decode(d, target, f)
	}
	return known
}

// suggestKey prefers what the text means elsewhere to what it looks like: authorizerUri is a function, not an authorizer.
func suggestKey[T any](text string, keys []key[T]) string {
	names := make([]string, 0, len(keys))
	for _, k := range keys {
		if slices.ContainsFunc(k.also, func(name string) bool { return strings.EqualFold(name, text) }) {
			return ", did you mean " + strconv.Quote(k.name) + "?"
		}
		names = append(names, k.name)
	}
	return apigw.Suggest(text, names)
}

// text declares a key with text that is not empty.
func text[T any](name, doc string, set func(to *T, value string)) key[T] {
	return key[T]{name: name, doc: doc, schema: nameSchema(), decode: func(d *decoder, to *T, f field) {
		if value, ok := d.name(f.value, name); ok {
			set(to, value)
		}
	}}
}

// whole declares a key with a whole number in a range, whose default is only told to editors.
func whole[T any](name, doc string, least, most, preset int, set func(to *T, value int)) key[T] {
	schema := schema{"type": "integer", "minimum": least, "maximum": most, "default": preset}
	return key[T]{name: name, doc: doc, schema: schema, decode: func(d *decoder, to *T, f field) {
		if value, ok := d.whole(f.value, name, least, most); ok {
			set(to, value)
		}
	}}
}

// choice declares a key with one of a few values; those of reserved are known, and why they are refused is said.
func choice[T any](name, doc string, values []string, reserved map[string]string, set func(to *T, value string)) key[T] {
	schema := schema{"enum": values, "default": values[0]}
	return key[T]{name: name, doc: doc, schema: schema, decode: func(d *decoder, to *T, f field) {
		value, ok := d.name(f.value, name)
		reason, refused := reserved[value]
		switch {
		case !ok:
		case refused:
			d.report(follow(f.value), "%s %s", name, reason)
		case !slices.Contains(values, value):
			d.report(follow(f.value), "%s must be %s, not %q%s", name, strings.Join(values, " or "), value, apigw.Suggest(value, values))
		default:
			set(to, value)
		}
	}}
}
