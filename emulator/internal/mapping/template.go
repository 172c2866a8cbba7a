package mapping

// Template is a text with references in it. The zero Template is an empty text.
type Template struct{ parts []part }

// part is a text and the reference that follows it.
type part struct {
	text      string
	reference Reference // Literal: none
}

// ParseTemplate reads a template. The error is an [*Error].
func ParseTemplate(text string, dialect Dialect) (*Template, error) {
	s := scanner{text: text, dialect: dialect}
	var t Template
	for {
		literal, reference, err := s.next()
		if err != nil {
			return nil, err
		}
		if literal != "" || reference.Source != Literal {
			t.parts = append(t.parts, part{literal, reference})
		}
		if reference.Source == Literal {
			return &t, nil
		}
	}
}

// Append writes the template to dst. A variable without a value is the text missing: nothing in a body, "-" in an access log
// (rest-gateway 5.6, 8.3).
func (t *Template) Append(dst []byte, values Values, missing string) []byte {
	for i := range t.parts {
		p := &t.parts[i]
		dst = append(dst, p.text...)
		if p.reference.Source == Literal {
			continue
		}
		text, ok := values.Value(p.reference)
		if !ok {
			text = missing
		}
		dst = append(dst, text...)
	}
	return dst
}

// References lists what the template refers to, in its order.
func (t *Template) References() []Reference {
	var references []Reference
	for i := range t.parts {
		if r := t.parts[i].reference; r.Source != Literal {
			references = append(references, r)
		}
	}
	return references
}
