package config

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// expand replaces ${NAME} by the variable's value and ${NAME:-default} by that or, where it is unset or empty, the default,
// which is taken as it is. $${ stands for ${, and any other $ for itself. After a problem the value is "".
func (d *decoder) expand(n *yaml.Node, value string) string { return d.expandBut(n, value, "") }

// expandBut keeps what begins with the prefix, "" for nothing.
func (d *decoder) expandBut(n *yaml.Node, value, keep string) string {
	var expanded strings.Builder
	for rest := value; ; {
		before, after, found := strings.Cut(rest, "${")
		if !found {
			expanded.WriteString(rest)
			return expanded.String()
		}
		if literal, escaped := strings.CutSuffix(before, "$"); escaped {
			expanded.WriteString(literal + "${")
			rest = after
			continue
		}
		expression, tail, closed := strings.Cut(after, "}")
		if !closed {
			d.report(n, "${ is not closed by }; write $${ for the text ${")
			return ""
		}
		if keep != "" && strings.HasPrefix(expression, keep) {
			expanded.WriteString(before + "${" + expression + "}")
			rest = tail
			continue
		}
		variable, preset, hasPreset := strings.Cut(expression, ":-")
		if !variableName(variable) {
			d.report(n, "${%s} must be ${NAME} or ${NAME:-default}, of letters, digits and _", expression)
			return ""
		}
		text := ""
		if d.getenv != nil {
			text = d.getenv(variable)
		}
		if text == "" {
			text = preset
		}
		if text == "" && !hasPreset {
			d.report(n, "the variable %s is not set; set it, or write ${%s:-default}", variable, variable)
			return ""
		}
		expanded.WriteString(before + text)
		rest = tail
	}
}

func variableName(s string) bool {
	outside := func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	return s != "" && (s[0] < '0' || s[0] > '9') && strings.IndexFunc(s, outside) < 0
}
