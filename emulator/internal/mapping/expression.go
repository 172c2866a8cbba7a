package mapping

import (
	"strings"

	"gatewayd/emulator/apigw"
)

// Expression is a mapping expression, the value of a header: a text in single quotes, or a reference.
type Expression struct {
	text      string
	reference Reference
}

// ParseExpression reads a mapping expression (rest-gateway 5.5):
//
//	'text'                            the text
//	method.request.header.NAME        what the client sent; querystring and path likewise
//	context.NAME, stageVariables.NAME
//
// The error is an [*Error].
func ParseExpression(text string) (Expression, error) {
	fail := func(message string) (Expression, error) { return Expression{}, &Error{Message: message} }
	if strings.HasPrefix(text, "'") {
		if len(text) < 2 || !strings.HasSuffix(text, "'") {
			return fail("a static value ends with a single quote as it begins: " + text + "'")
		}
		return Expression{text: text[1 : len(text)-1]}, nil
	}
	for _, source := range []struct {
		prefix string
		source Source
	}{
		{"method.request.header.", Header},
		{"method.request.querystring.", QueryString},
		{"method.request.path.", Path},
		{"stageVariables.", StageVariable},
	} {
		name, ok := strings.CutPrefix(text, source.prefix)
		switch {
		case !ok:
		case !parameter(name) || strings.ContainsAny(name, " \t"):
			return fail(source.prefix + " needs a name")
		default:
			return Expression{reference: Reference{source.source, name}}, nil
		}
	}
	if name, ok := strings.CutPrefix(text, "context."); ok {
		if contextName(name) != name {
			return fail(text + " is no context variable")
		}
		if problem := GatewayResponse.checkContext(name); problem != "" {
			return fail(text + " " + problem)
		}
		return Expression{reference: Reference{Context, name}}, nil
	}
	switch {
	case strings.HasPrefix(text, "$"):
		return fail("a mapping expression has no $: write " + strings.Trim(strings.TrimPrefix(text, "$"), "{}"))
	case strings.HasPrefix(text, "method.request."), strings.HasPrefix(text, "integration."):
		return fail(text + " must be method.request.header.NAME, method.request.querystring.NAME or method.request.path.NAME")
	}
	if root, _, dotted := strings.Cut(text, "."); dotted && !strings.Contains(text, " ") {
		if suggestion := apigw.Suggest(root, []string{"method", "context", "stageVariables"}); suggestion != "" {
			return fail(text + " is no mapping expression" + suggestion)
		}
	}
	// API Gateway's own words for it are "Invalid mapping expression specified".
	return fail(`a static value stands in single quotes inside the text: "'` + text + `'"`)
}

// Value is what the expression comes to, and whether it has a value.
func (e Expression) Value(values Values) (string, bool) {
	if e.reference.Source == Literal {
		return e.text, true
	}
	return values.Value(e.reference)
}

// Reference is what the expression refers to; its source is Literal for a text in quotes.
func (e Expression) Reference() Reference { return e.reference }
