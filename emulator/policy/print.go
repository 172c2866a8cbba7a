package policy

import "fmt"

// String prints the policy in the compact canonical form of
// [Policy.MarshalJSON].
func (p *Policy) String() string {
	return string(p.appendJSON(nil))
}

// MarshalJSON prints the policy in a compact canonical form: Statement always
// a list, elements in the order of AWS's grammar, a list of one value as the
// value, the short form of a resource policy's resources completed. The form
// parses to a policy that decides the same and prints the same.
func (p *Policy) MarshalJSON() ([]byte, error) {
	return p.appendJSON(nil), nil
}

func (p *Policy) appendJSON(b []byte) []byte {
	b = append(b, '{')
	b = appendText(b, "Version", p.version)
	b = appendText(b, "Id", p.id)
	b = appendName(b, "Statement")
	b = append(b, '[')
	for i := range p.statements {
		b = appendComma(b)
		b = p.statements[i].appendJSON(b)
	}
	return append(b, "]}"...)
}

func (s *statement) appendJSON(b []byte) []byte {
	b = append(b, '{')
	b = appendText(b, "Sid", s.sid)
	effect := s.effect.String()
	b = appendText(b, "Effect", &effect)
	if s.principal != nil {
		b = appendName(b, string(s.principal.name()))
		b = appendNode(b, &s.principal.node)
	}
	b = s.actions.appendJSON(b, ElementAction, ElementNotAction)
	b = s.resources.appendJSON(b, ElementResource, ElementNotResource)
	if len(s.conditions)+len(s.hollow) > 0 {
		b = appendName(b, string(ElementCondition))
		b = s.appendConditions(b)
	}
	return append(b, '}')
}

func (e *element) appendJSON(b []byte, name, not Element) []byte {
	b = appendName(b, string(e.name(name, not)))
	if len(e.entries) == 1 && !e.entries[0].null {
		return appendString(b, e.entries[0].pattern.text)
	}
	b = append(b, '[')
	for i := range e.entries {
		b = appendComma(b)
		if e.entries[i].null {
			b = append(b, "null"...)
		} else {
			b = appendString(b, e.entries[i].pattern.text)
		}
	}
	return append(b, ']')
}

func (s *statement) appendConditions(b []byte) []byte {
	b = append(b, '{')
	for i := range s.conditions {
		c := &s.conditions[i]
		if i == 0 || s.conditions[i-1].name != c.name {
			if i > 0 {
				b = append(b, '}')
			}
			b = appendName(b, c.name)
			b = append(b, '{')
		}
		b = appendName(b, c.key)
		b = c.appendValues(b)
	}
	if len(s.conditions) > 0 {
		b = append(b, '}')
	}
	for _, name := range s.hollow {
		if name != "" {
			b = appendName(b, name)
			b = append(b, "{}"...)
		}
	}
	return append(b, '}')
}

func (c *condition) appendValues(b []byte) []byte {
	single := len(c.values) == 1 && c.values[0].kind != kindNull
	if !single {
		b = append(b, '[')
	}
	for i := range c.values {
		if v := &c.values[i]; v.kind == kindString {
			b = appendString(appendComma(b), v.text)
		} else {
			b = append(appendComma(b), v.text...)
		}
	}
	if !single {
		b = append(b, ']')
	}
	return b
}

// appendNode prints a value as it was written, without spaces.
func appendNode(b []byte, n *node) []byte {
	switch n.kind {
	case kindString:
		return appendString(b, n.text)
	case kindList:
		b = append(b, '[')
		for i := range n.list {
			b = appendNode(appendComma(b), &n.list[i])
		}
		return append(b, ']')
	case kindObject:
		b = append(b, '{')
		for i := range n.members {
			b = appendName(b, n.members[i].key)
			b = appendNode(b, &n.members[i].value)
		}
		return append(b, '}')
	case kindNull, kindBool, kindNumber:
	}
	return append(b, n.text...)
}

func appendText(b []byte, name string, text *string) []byte {
	if text == nil {
		return b
	}
	return appendString(appendName(b, name), *text)
}

func appendName(b []byte, name string) []byte {
	return append(appendString(appendComma(b), name), ':')
}

// appendComma separates a value from the one before, if there is one.
func appendComma(b []byte) []byte {
	switch b[len(b)-1] {
	case '{', '[', ':':
		return b
	}
	return append(b, ',')
}

// appendString prints a JSON string, with no more escapes than it needs.
func appendString(b []byte, text string) []byte {
	b = append(b, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
