package trace

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Line is the trace in one line, as the request log prints it: the request, the status and, of a refusal, the reason in
// words and what to try next; in brackets the code, the duration and the request id. Secrets are masked.
func (t Trace) Line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %d", word(t.Method), word(t.Path), t.Status)
	switch {
	case t.Code != IntegrationOK:
		fmt.Fprintf(&b, " %s", printable(t.secrets().text(t.Reason)))
	case t.Cache != nil && t.Cache.State == Hit:
		b.WriteString(" (authorizer result from the cache)")
	case slices.ContainsFunc(t.Steps, func(s Step) bool { return s.Code == AuthorizerDisabled }):
		b.WriteString(" (authorizers are disabled: nobody was asked)")
	}
	if t.Hint != "" { // an answer may have one, too
		fmt.Fprintf(&b, " (%s)", printable(t.secrets().text(t.Hint)))
	}
	fmt.Fprintf(&b, " [%s %s %s]", t.Code, t.Duration.Round(10*time.Microsecond), t.RequestID)
	return b.String()
}

// word is a method or a path as one word, which a client cannot make look like more of a line.
func word(text string) string {
	const long = 300
	if len(text) > long {
		text = text[:long] + "…"
	}
	if strings.ContainsAny(text, " []") {
		return strconv.Quote(text)
	}
	return printable(text)
}

// printable keeps what a client sent from writing lines, or colors, of its own into a log.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
