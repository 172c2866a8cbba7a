package config

import (
	"strings"
	"unicode/utf8"

	"gatewayd/emulator/apigw"

	"gopkg.in/yaml.v3"
)

// within returns the place of a byte of a scalar's text: that itself where the file has the text as it is, on one line or in a
// block that | begins, else that of the scalar.
func (d *decoder) within(n *yaml.Node, text string, offset int) apigw.Position {
	at := d.at(n)
	before := text[:offset]
	if n.Style&yaml.LiteralStyle != 0 {
		line := strings.Count(before, "\n")
		before = before[strings.LastIndexByte(before, '\n')+1:]
		whole, _, _ := strings.Cut(text[offset-len(before):], "\n")
		if index := n.Line + line; index < len(d.lines) { // the block begins on the line after its |
			source := strings.TrimRight(d.lines[index], "\r\n")
			if indent, ok := strings.CutSuffix(source, whole); ok && strings.TrimSpace(indent) == "" {
				at.Line, at.Column = index+1, utf8.RuneCountInString(indent+before)+1
			}
		}
		return at
	}
	if column, asIs := d.startOf(n, text); asIs {
		at.Column = column + utf8.RuneCountInString(before)
	}
	return at
}
