package config

import (
	"strings"
	"unicode/utf8"

	"gatewayd/emulator/apigw"

	"gopkg.in/yaml.v3"
)

// identitySources reads a text, one text with commas as CloudFormation has it, or a list of texts. A bare name is that of
// a header where it may be.
func (d *decoder) identitySources(n *yaml.Node, bare bool) []apigw.IdentitySource {
	const what = "identitySource"
	list := follow(n)
	items := []*yaml.Node{list}
	if list.Kind == yaml.SequenceNode && list.Tag != reported {
		if items = list.Content; len(items) == 0 {
			d.report(list, "%s is an empty list; leave it out", what)
		}
		if !d.visit(list, len(items)) {
			return nil
		}
	} else if list.Kind == yaml.MappingNode {
		d.wrong(list, what, "text or a list")
		return nil
	}
	var sources []apigw.IdentitySource
	for _, item := range items {
		item = follow(item)
		value, ok := d.name(item, what)
		if !ok {
			continue
		}
		for part, at := range d.parts(item, value) {
			if source, ok := d.identitySource(part, at, bare); ok {
				sources = append(sources, source)
			}
		}
	}
	return sources
}

func (d *decoder) identitySource(text string, at apigw.Position, bare bool) (apigw.IdentitySource, bool) {
	source, err := apigw.ParseIdentitySource(text)
	switch {
	case err == nil:
	case text == "":
		d.reportAt(at.Line, at.Column, "identitySource has nothing between two commas or at an end")
		return source, false
	case strings.HasPrefix(text, "$request.") || strings.HasPrefix(text, "$context.") || strings.HasPrefix(text, "$stageVariables."):
		d.reportAt(at.Line, at.Column, "identity source %q is an HTTP API's; a REST API's is %q", text, restSpelling(text))
		return source, false
	case bare && headerName(text):
		source = apigw.IdentitySource{Kind: apigw.HeaderSource, Name: text}
	case headerName(text):
		d.reportAt(at.Line, at.Column, "identity source %q is a bare name, which TOKEN authorizers have; write method.request.header.%s", text, text)
		return source, false
	default:
		d.reportAt(at.Line, at.Column, "%v", err)
		return source, false
	}
	source.Position = at
	return source, true
}

// restSpelling is what a REST API calls an HTTP API's identity source.
func restSpelling(text string) string {
	if rest, ok := strings.CutPrefix(text, "$request."); ok {
		return "method.request." + rest
	}
	return text[1:]
}

// headerName holds for a header's name without a dot, which every full source has.
func headerName(s string) bool {
	outside := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("!#$%&'*+-^_`|~", r)
	}
	return s != "" && strings.IndexFunc(s, outside) < 0
}

// parts yields what the commas separate, with the place of each where the text stands on one line as it is, else of all.
func (d *decoder) parts(n *yaml.Node, value string) func(yield func(string, apigw.Position) bool) {
	at := d.at(n)
	start, asIs := d.startOf(n, value)
	return func(yield func(string, apigw.Position) bool) {
		column := start
		for part := range strings.SplitSeq(value, ",") {
			trimmed := strings.TrimLeft(part, " \t")
			if asIs {
				at.Column = column + utf8.RuneCountInString(part[:len(part)-len(trimmed)])
				column += utf8.RuneCountInString(part) + 1
			}
			if !yield(strings.TrimRight(trimmed, " \t"), at) {
				return
			}
		}
	}
}

// startOf returns the column in which a scalar's text begins, after a quote, and whether its line has it unchanged.
func (d *decoder) startOf(n *yaml.Node, value string) (column int, asIs bool) {
	rest := d.lines[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
	}
	column = n.Column
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 && rest != "" {
		rest, column = rest[1:], column+1
	}
	return column, strings.HasPrefix(rest, value)
}
