package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// difference is where a pattern and a value part: the bytes of each before.
type difference struct {
	pattern, value int
	bound          bool // a wildcard that matches no colon came just before
}

// blame says why an element let its statement fail: which value was nearest
// and where it parts from the request's, or which one was excluded.
func (e *element) blame(report *StatementReport, name, not Element, value, folded string, ctx Context) {
	report.FailedOn, report.Value = e.name(name, not), value
	noun := "the ARN"
	if name == ElementAction {
		noun = "the action"
	}
	if e.not {
		report.Pattern = e.entries[e.index(folded, ctx)].pattern.text
		report.Reason = fmt.Sprintf("%s %q covers %s", not, report.Pattern, noun)
		report.Rule = documented("E3")
		return
	}
	if len(e.entries) == 0 {
		report.Reason = fmt.Sprintf("the %s list is empty, so it covers nothing", name)
		report.Rule = inferred("V12")
		if name == ElementResource {
			report.Rule = observed("V11")
		}
		return
	}
	nearest, where := e.nearest(folded, ctx)
	report.Pattern = nearest.pattern.text
	report.Offset, report.PatternOffset = min(where.value, len(value)), min(where.pattern, len(report.Pattern))
	report.Reason, report.Rule = nearest.excuse(name, report, noun, ctx)
	if where.bound {
		report.Reason += "; inside one of the first five fields a wildcard does not match a colon"
		report.Rule = inferred("W4")
	}
}

// name gives the one of the two names that the element has.
func (e *element) name(name, not Element) Element {
	if e.not {
		return not
	}
	return name
}

// nearest gives the entry that agrees with the value for longest.
func (e *element) nearest(value string, ctx Context) (*entry, difference) {
	best, where := &e.entries[0], difference{}
	for i := range e.entries {
		if at := e.entries[i].pattern.parts(value, ctx); at.value > where.value {
			best, where = &e.entries[i], at
		}
	}
	return best, where
}

// excuse puts into words why a value is not covered.
func (e *entry) excuse(name Element, report *StatementReport, noun string, ctx Context) (string, Rule) {
	text := report.Pattern
	switch {
	case e.null:
		return "null covers nothing", inferred("V22")
	case e.pattern.strategy == matchNever && name == ElementAction:
		return fmt.Sprintf("%q is not an action: it has to be * or service:name, with one colon", text), inferred("V14")
	case e.pattern.strategy == matchNever && strings.HasPrefix(text, shorthand):
		return fmt.Sprintf("%q is the short form of a resource policy; here a resource has to be an ARN or *", text), inferred("R7")
	case e.pattern.strategy == matchNever && strings.HasPrefix(text, "arn:"):
		return fmt.Sprintf("%q has fewer than six fields and no star at the end to stand for the others", text), inferred("D5")
	case e.pattern.strategy == matchNever:
		return fmt.Sprintf("%q is neither an ARN nor *", text), inferred("V16")
	case !e.pattern.resolvable(ctx):
		return fmt.Sprintf("a variable in %q has no value and no default, so it covers nothing", text), documented("X6")
	}
	reason := apart(report, noun)
	rest := text[report.PatternOffset:]
	switch got := report.Value[report.Offset:]; {
	case name == ElementAction:
		return reason, documented("A2")
	case strings.HasPrefix(rest, "ANY") && !strings.HasPrefix(got, "ANY"):
		return reason + "; ANY is not a wildcard, the verb is the request's", inferred("R4")
	case strings.HasPrefix(rest, "${") && !e.pattern.grammar.variables:
		return reason + "; without Version 2012-10-17 policy variables are plain text", documented("X7")
	case strings.HasPrefix(rest, "{"):
		return reason + "; parameters are filled in before matching, so {...} matches only itself", observed("R2")
	case differByCase(rest, got):
		return reason + "; case counts", inferred("W7")
	}
	return reason, documented("W1")
}

// apart says what stands where pattern and value part.
func apart(report *StatementReport, noun string) string {
	rest, got := report.Pattern[report.PatternOffset:], report.Value[report.Offset:]
	switch {
	case got == "":
		return fmt.Sprintf("%s ends at byte %d, where the pattern goes on with %s", noun, report.Offset, excerpt(rest))
	case rest == "":
		return fmt.Sprintf("the pattern ends where %s goes on with %s, at byte %d", noun, excerpt(got), report.Offset)
	}
	return fmt.Sprintf("at byte %d %s has %s where the pattern has %s", report.Offset, noun, excerpt(got), excerpt(rest))
}

// excerpt quotes the start of a text.
func excerpt(text string) string {
	const most = 24
	if len(text) <= most {
		return fmt.Sprintf("%q", text)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return fmt.Sprintf("%q...", text[:cut])
}

func differByCase(a, b string) bool {
	return a != "" && b != "" && a[0] != b[0] && strings.EqualFold(a[:1], b[:1])
}

// parts gives where a pattern that does not match parts from the value: the
// place up to which they agree for longest.
func (p *pattern) parts(value string, ctx Context) difference {
	if p.strategy == matchNever {
		return difference{}
	}
	tokens, ok := p.resolve(nil, ctx)
	if !ok {
		return difference{}
	}
	words := len(value)/64 + 1
	now := make(positions, words)
	now.add(0)
	for i := range tokens {
		after := make(positions, words)
		tokens[i].advance(value, now, after)
		if after.last() < 0 {
			where := tokens[i].parts(value, now)
			where.bound = i > 0 && tokens[i-1].bound
			return where
		}
		now = after
	}
	return difference{pattern: len(p.text), value: now.last()}
}

// parts gives where a token that matches at none of the positions gets
// furthest. What a variable stands for has no offset in the pattern.
func (t *token) parts(value string, now positions) difference {
	where, longest := difference{pattern: t.at, value: now.next(0)}, 0
	for at := now.next(0); at >= 0; at = now.next(at + 1) {
		if n := commonPrefix(t.text, value[at:]); n > longest {
			longest = n
			where.value = at + n
		}
	}
	if t.variable == nil {
		where.pattern += longest
	}
	return where
}

// commonPrefix gives how many bytes of whole characters two texts share.
func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) {
		n--
	}
	return n
}
