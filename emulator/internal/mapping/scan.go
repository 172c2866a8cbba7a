package mapping

import (
	"fmt"
	"slices"
	"strings"

	"gatewayd/emulator/apigw"
)

// Error is a template or an expression that cannot be used.
type Error struct {
	Offset  int    // in bytes, of what is wrong
	Message string // without the place
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// scanner goes through a template from reference to reference.
type scanner struct {
	text    string
	dialect Dialect
	at      int
}

// next returns the text up to the next reference, and that. At the end the reference is the zero one.
func (s *scanner) next() (literal string, r Reference, err error) {
	begin := s.at
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '$' && s.refers():
			literal = s.text[begin:s.at]
			r, err = s.reference()
			return literal, r, err
		case c == '#':
			if word := s.directive(); word != "" {
				return "", r, s.fail(s.at, "%s is a directive of the Velocity Template Language, which %s", word, s.dialect.noVelocity())
			}
		}
		s.at++
	}
	return s.text[begin:], Reference{}, nil
}

func (s *scanner) fail(at int, format string, args ...any) error {
	return &Error{Offset: at, Message: fmt.Sprintf(format, args...)}
}

// refers reports whether a reference begins here. A dollar sign before anything but a name is text: $5. So is one before a name
// that no variable has, where no template engine reads the text, unless it is a slip.
func (s *scanner) refers() bool {
	rest := strings.TrimLeft(s.text[s.at+1:], "!")
	rest = strings.TrimPrefix(rest, "{")
	if rest == "" || !letter(rest[0]) {
		return false
	}
	root := identifier(rest)
	return s.dialect.velocity() || slices.Contains(roots(), root) || apigw.Suggest(root, roots()) != ""
}

// roots are what references begin with in templates.
func roots() []string { return []string{"context", "input", "stageVariables", "util"} }

// directive is the directive of VTL that begins here, or "". Where no template engine reads the text a # is one like any other
// character, unless somebody took it for more than that.
func (s *scanner) directive() string {
	rest := s.text[s.at+1:]
	if s.dialect.velocity() {
		for _, mark := range []string{"#", "*", "[["} {
			if strings.HasPrefix(rest, mark) {
				return "#" + mark
			}
		}
	}
	name := strings.TrimPrefix(rest, "{")
	end := 0
	for end < len(name) && letter(name[end]) {
		end++
	}
	switch name[:end] {
	case "set", "if", "elseif", "else", "end", "foreach", "include", "parse", "macro", "stop", "break", "define", "evaluate", "return":
		return "#" + name[:end]
	}
	return ""
}

// reference reads the reference that begins here.
func (s *scanner) reference() (Reference, error) {
	begin := s.at
	if s.dialect.velocity() && begin > 0 && s.text[begin-1] == '\\' {
		return Reference{}, s.fail(begin-1, "a backslash before a reference is Velocity's escape, which %s", s.dialect.noVelocity())
	}
	s.at++
	formal := false
	switch s.text[s.at] {
	case '!':
		return Reference{}, s.fail(begin, "$! is Velocity's quiet reference, which %s; a variable without a value is nothing here anyway", s.dialect.noVelocity())
	case '{':
		if !s.dialect.velocity() {
			// AWS documents the plain form only, and substitutes by that.
			return Reference{}, s.fail(begin, "write $%s without braces: %s", strings.TrimPrefix(s.word(s.at+1), "!"), s.dialect.plain())
		}
		formal = true
		s.at++
	}
	r, err := s.variable(begin)
	if err != nil {
		return r, err
	}
	if formal {
		if !strings.HasPrefix(s.text[s.at:], "}") {
			return r, s.fail(begin, "${ is not closed by } after %s", s.text[begin:s.at])
		}
		s.at++
	}
	// Velocity would take .com in $stageVariables.host.com for a property, and print nothing.
	if rest := s.text[s.at:]; s.dialect.velocity() && len(rest) > 1 && rest[0] == '.' && letter(rest[1]) {
		return r, s.fail(begin, "%s has no properties; write it in braces where text follows: ${…}%s", s.text[begin:s.at], s.text[s.at:s.at+1+len(identifier(rest[1:]))])
	}
	if rest := s.text[s.at:]; rest != "" && (rest[0] == '(' || rest[0] == '[') {
		return r, s.fail(begin, "%s%c… calls a method or takes an element, which %s", s.text[begin:s.at], rest[0], s.dialect.noVelocity())
	}
	return r, nil
}

// variable reads what follows the dollar sign.
func (s *scanner) variable(begin int) (Reference, error) {
	word := s.word(s.at)
	root, rest, dotted := strings.Cut(word, ".")
	switch {
	case root == "context" && dotted && contextName(rest) != "":
		name := contextName(s.text[s.at+len("context."):])
		if problem := s.dialect.checkContext(name); problem != "" {
			return Reference{}, s.fail(begin, "$context.%s %s", name, problem)
		}
		s.at += len("context.") + len(name)
		return Reference{Context, name}, nil
	case root == "stageVariables" && dotted && s.dialect == AccessLog:
		return Reference{}, s.fail(begin, "$%s: an access log has $context variables only", word)
	case root == "stageVariables" && dotted:
		name := identifier(s.text[s.at+len("stageVariables."):])
		if name == "" {
			break
		}
		s.at += len("stageVariables.") + len(name)
		return Reference{StageVariable, name}, nil
	case root == "input":
		return s.input(begin)
	}
	known := []string{"$context.NAME", "$stageVariables.NAME"}
	switch s.dialect {
	case GatewayResponse:
	case AccessLog:
		known = known[:1]
	case MockIntegration:
		known = append(known, "$input.params('NAME')")
	}
	suggestion := apigw.Suggest(root, []string{"context", "stageVariables"})
	return Reference{}, s.fail(begin, "$%s is not known%s; %s", word, suggestion, s.dialect.only(known))
}

// input reads $input.params('NAME'), or $input.params().path.NAME and its like.
func (s *scanner) input(begin int) (Reference, error) {
	const call = "input.params("
	if s.dialect != MockIntegration {
		return Reference{}, s.fail(begin, "$%s: %s", s.word(s.at), s.dialect.noInput())
	}
	rest, ok := strings.CutPrefix(s.text[s.at:], call)
	if !ok {
		return Reference{}, s.fail(begin, "$%s is not built; of $input there is $input.params('NAME') only: the rest %s", s.word(s.at), s.dialect.noVelocity())
	}
	if rest != "" && (rest[0] == '\'' || rest[0] == '"') {
		if name, after, closed := strings.Cut(rest[1:], rest[:1]+")"); closed && parameter(name) {
			s.at = len(s.text) - len(after)
			return Reference{Param, name}, nil
		}
	}
	for _, group := range []struct {
		prefix string
		source Source
	}{{").path.", Path}, {").querystring.", QueryString}, {").header.", Header}} {
		if after, ok := strings.CutPrefix(rest, group.prefix); ok && identifier(after) != "" {
			name := identifier(after)
			s.at = len(s.text) - len(after) + len(name)
			return Reference{group.source, name}, nil
		}
	}
	return Reference{}, s.fail(begin, "$input.params must be $input.params('NAME') or $input.params().path.NAME, .querystring.NAME or .header.NAME")
}

// word is a name with dots: what a person would take for the reference.
func (s *scanner) word(from int) string {
	end := from
	for end < len(s.text) && (letter(s.text[end]) || digit(s.text[end]) || s.text[end] == '_' || s.text[end] == '.' || s.text[end] == '!') {
		end++
	}
	return strings.TrimRight(s.text[from:end], ".!")
}

// identifier is the name that the text begins with, "" for none.
func identifier(text string) string {
	end := 0
	for end < len(text) && (letter(text[end]) || text[end] == '_' || end > 0 && (digit(text[end]) || text[end] == '-')) {
		end++
	}
	return strings.TrimRight(text[:end], "-")
}

// parameter reports whether a request parameter can have this name.
func parameter(name string) bool {
	return name != "" && !strings.ContainsAny(name, "'\"()$\n")
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
