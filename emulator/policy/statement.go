package policy

import "strings"

// statement is one compiled statement.
type statement struct {
	sid        *string
	effect     Effect
	principal  *principal // nil if none was given
	invoke     bool       // the Action part covers execute-api:Invoke
	actions    element
	resources  element
	conditions []condition
	hollow     []string // the operators without keys; "" for an empty Condition
}

// element is Action or NotAction, Resource or NotResource.
type element struct {
	not     bool
	list    bool // written as a list
	entries []entry
}

// entry is one value of an element.
type entry struct {
	pattern pattern
	null    bool // a null in a list, which matches nothing (iam-policy V22)
}

// index gives the first entry that covers the value, -1 if none does.
func (e *element) index(value string, ctx Context) int {
	for i := range e.entries {
		if e.entries[i].pattern.matches(value, ctx) {
			return i
		}
	}
	return -1
}

// applies reports whether the element lets its statement apply. NotAction and
// NotResource do when no entry covers the value (iam-policy E3).
func (e *element) applies(value string, ctx Context) bool {
	return e.index(value, ctx) >= 0 != e.not
}

// compileAction prepares an action: * or service:name, in any case (iam-policy
// A2, A3, A5). Other shapes match nothing (V14).
func compileAction(text string) pattern {
	if !stars(text) && strings.Count(text, ":") != 1 {
		return never(text)
	}
	p := compile(strings.ToLower(text), grammar{wildcards: true})
	p.text = text
	return p
}

// compileResource prepares a resource. What is neither an ARN nor * matches
// nothing (iam-policy V16), and neither does an ARN that lacks fields and has
// no star in their place (R6, D5).
func compileResource(text string, variables bool) pattern {
	if !stars(text) {
		colons := strings.Count(text, ":")
		if !strings.HasPrefix(text, "arn:") || colons < arnColons && !strings.HasSuffix(text, "*") {
			return never(text)
		}
	}
	return compile(text, grammar{
		wildcards: true,
		variables: variables,
		arn:       true,
		runOn:     true,
		from:      resourcePart(text),
	})
}

// resourcePart gives the offset after an ARN's fifth colon, or the text's end.
func resourcePart(text string) int {
	at := 0
	for range arnColons {
		next := strings.IndexByte(text[at:], ':')
		if next < 0 {
			return len(text)
		}
		at += next + 1
	}
	return at
}

// stars reports a text of stars only: one star, however often it is written.
func stars(text string) bool {
	return text != "" && strings.Trim(text, "*") == ""
}

// foldAction gives an action in lower case; those of API Gateway, which come
// with every request, are not copied.
func foldAction(action string) string {
	switch action {
	case "", Invoke:
		return foldedInvoke
	case "execute-api:InvalidateCache":
		return "execute-api:invalidatecache"
	case "execute-api:ManageConnections":
		return "execute-api:manageconnections"
	}
	return strings.ToLower(action)
}

const foldedInvoke = "execute-api:invoke"
