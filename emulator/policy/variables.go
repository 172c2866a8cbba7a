package policy

import "strings"

// variable is one ${key} or ${key, 'default'} (iam-policy 8).
type variable struct {
	key        string // as written
	lookup     string // in lower case: names are case-insensitive (iam-policy X2)
	fallback   string
	hasDefault bool
}

// value gives the text that stands for the variable. A key with several
// values gives none (iam-policy X2); an absent one gives the default (X5).
func (v *variable) value(ctx Context) (string, bool) {
	values := lookup(ctx, v.lookup)
	switch {
	case len(values) == 1:
		return values[0], true
	case len(values) == 0 && v.hasDefault:
		return v.fallback, true
	}
	return "", false
}

// variableFault is why a ${ is not a variable and stays plain text
// (iam-policy V20).
type variableFault string

const (
	faultUnclosed variableFault = `there is no "}"`
	faultEmpty    variableFault = "there is no name between the braces"
	faultSpace    variableFault = "there is a space in the name"
	faultDefault  variableFault = `a default is written ${key, 'text'}: a comma, one space, single quotes`
)

// parseVariable reads the variable at the start of text, which begins with ${.
// It gives the number of bytes read. A special character, ${*} ${?} or ${$},
// comes back as literal text with a nil variable (iam-policy X4).
func parseVariable(text string) (v *variable, literal string, size int, fault variableFault) {
	end := strings.IndexAny(text[2:], "},")
	if end < 0 {
		return nil, "", 0, faultUnclosed
	}
	name := text[2 : 2+end]
	rest := text[2+end:]
	switch {
	case name == "":
		return nil, "", 0, faultEmpty
	case strings.ContainsAny(name, " \t\r\n"):
		return nil, "", 0, faultSpace
	}
	if rest[0] == '}' {
		if name == "*" || name == "?" || name == "$" {
			return nil, name, end + 3, ""
		}
		return &variable{key: name, lookup: strings.ToLower(name)}, "", end + 3, ""
	}
	rest, opened := strings.CutPrefix(rest, ", '")
	closing := strings.Index(rest, "'}")
	if !opened || closing < 0 || strings.Contains(rest[:closing], "'") {
		return nil, "", 0, faultDefault
	}
	v = &variable{key: name, lookup: strings.ToLower(name), fallback: rest[:closing], hasDefault: true}
	return v, "", 2 + end + len(", '") + closing + len("'}"), ""
}
