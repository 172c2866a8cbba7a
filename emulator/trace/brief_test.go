package trace_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"gatewayd/emulator/trace"
)

func TestBrief(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "short", strings.Repeat("a", 1<<20), strings.Repeat("λ", 1<<20), strings.Repeat("€", 1<<20)} {
		got := trace.Brief(text)
		switch {
		case len(text) < 100 && got != text:
			t.Errorf("%q became %q", text, got)
		case len(got) > 2<<10+3 || !utf8.ValidString(got) || !strings.HasPrefix(text, strings.TrimSuffix(got, "…")):
			t.Errorf("%d bytes became %d", len(text), len(got))
		}
	}
}
