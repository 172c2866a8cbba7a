package apigw_test

import (
	"strings"
	"testing"

	"gatewayd/emulator/apigw"
)

func TestSuggest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		names      []string
		want       string
	}{
		{name: "a letter too few", text: "stge", names: []string{"stage", "name"}, want: `, did you mean "stage"?`},
		{name: "a letter too many", text: "staage", names: []string{"stage", "name"}, want: `, did you mean "stage"?`},
		{name: "another letter", text: "stags", names: []string{"stage", "name"}, want: `, did you mean "stage"?`},
		{name: "neighbors swapped count once", text: "ab", names: []string{"ba"}, want: `, did you mean "ba"?`},
		{name: "case does not count", text: "BASEPATH", names: []string{"basePath"}, want: `, did you mean "basePath"?`},
		{name: "the nearest", text: "login", names: []string{"logging", "logins"}, want: `, did you mean "logins"?`},
		{name: "of two as near, the first in order", text: "cat", names: []string{"hat", "bat"}, want: `, did you mean "bat"?`},
		{name: "one in three letters may differ", text: "abcdef", names: []string{"abcdxyz"}, want: `, did you mean "abcdxyz"?`},
		{name: "too far", text: "abcdef", names: []string{"abxyzw"}},
		{name: "nothing in common", text: "a", names: []string{"b"}},
		{name: "no text", text: "", names: []string{"a"}},
		{name: "an empty name", text: "a", names: []string{""}},
		{name: "no names", text: "stage"},
		{name: "long texts are not compared", text: strings.Repeat("a", 65), names: []string{strings.Repeat("a", 64)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := apigw.Suggest(tt.text, tt.names); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
