package trace

import (
	"fmt"
	"strings"
	"time"
)

// Line is the trace in one line, as the request log prints it: the request, the status and, of a refusal, the reason in
// words and what to try next; in brackets the code, the duration and the request id.
func (t Trace) Line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %d", printable(t.Method), printable(t.Path), t.Status)
	switch {
	case t.Code != IntegrationOK:
		fmt.Fprintf(&b, " %s", printable(t.Reason))
		if t.Hint != "" {
			fmt.Fprintf(&b, " (%s)", printable(t.Hint))
		}
	case t.Cache != nil && t.Cache.State == Hit:
		b.WriteString(" (authorizer result from the cache)")
	}
	fmt.Fprintf(&b, " [%s %s %s]", t.Code, t.Duration.Round(10*time.Microsecond), t.RequestID)
	return b.String()
}

// printable keeps what a client sent from writing lines, or colors, of its own into a log.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return '�'
		}
		return r
	}, text)
}
