package main

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseEnv(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		text     string
		want     map[string]string
		problems []string
	}{
		{name: "empty", text: "", want: map[string]string{}},
		{name: "plain", text: "A=1\nB=two words\n", want: map[string]string{"A": "1", "B": "two words"}},
		{name: "no last line break", text: "A=1", want: map[string]string{"A": "1"}},
		{name: "Windows line ends and byte order mark", text: "\ufeffA=1\r\nB=2\r\n", want: map[string]string{"A": "1", "B": "2"}},
		{name: "comments and empty lines", text: "# one\n\n  # two\nA=1 # three\nB=1#2\nC=#\n", want: map[string]string{"A": "1", "B": "1#2", "C": ""}},
		{name: "export", text: "export A=1\nexport\tB=2\nexportC=3\nexport=4\n", want: map[string]string{"A": "1", "B": "2", "exportC": "3", "export": "4"}},
		{name: "spaces around", text: "  A = 1 \n", want: map[string]string{"A": "1"}},
		{name: "empty value", text: "A=\nB=''\nC=\"\"\n", want: map[string]string{"A": "", "B": "", "C": ""}},
		{name: "equals sign in the value", text: "A=b=c==\n", want: map[string]string{"A": "b=c=="}},
		{name: "single quotes", text: `A='a "b" \n #c' # d`, want: map[string]string{"A": `a "b" \n #c`}},
		{name: "double quotes", text: `A=" 'a' #b "`, want: map[string]string{"A": " 'a' #b "}},
		{name: "escapes", text: `A="\n\r\t\"\$\\\x"`, want: map[string]string{"A": "\n\r\t\"$\\\\x"}},
		{name: "nothing is expanded", text: "A=$HOME ${B}\n", want: map[string]string{"A": "$HOME ${B}"}},
		{name: "the last counts", text: "A=1\nA=2\n", want: map[string]string{"A": "2"}},
		{
			name: "every problem, no value", text: "secret\n=secret\nA B=secret\nC='secret\nD=\"secret\\\"\nE='secret' more\nF=\x00secret\nG=1\n",
			want: map[string]string{"G": "1"},
			problems: []string{
				`test.env:1: a line must be KEY=VALUE`,
				`test.env:2: "" is no name for a variable: letters, digits and _`,
				`test.env:3: "A B" is no name for a variable: letters, digits and _`,
				`test.env:4: the closing ' is missing`,
				`test.env:5: the closing " is missing`,
				`test.env:6: something follows the closing quote`,
				`test.env:7: a value cannot hold a zero byte`,
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, problems := parseEnv("test.env", []byte(test.text))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.problems, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// What was read can be written, and read again as it was.
func FuzzParseEnv(f *testing.F) {
	for _, seed := range []string{"A=1\n# b\nexport C='d'\n", "A=\"\\n\\\"\" # b", "A", "=", "\ufeffA=b\r\n", "A='", "A=\"\\"} {
		f.Add([]byte(seed))
	}
	escape := strings.NewReplacer("\\", `\\`, "\n", `\n`, "\r", `\r`, `"`, `\"`)
	f.Fuzz(func(t *testing.T, text []byte) {
		variables, problems := parseEnv("test.env", text)
		if most := bytes.Count(text, []byte("\n")) + 1; len(variables)+len(problems) > most {
			t.Errorf("%d variables and %d problems in %d lines", len(variables), len(problems), most)
		}
		var again strings.Builder
		for _, name := range slices.Sorted(maps.Keys(variables)) {
			again.WriteString("export " + name + "=\"" + escape.Replace(variables[name]) + "\"\n")
		}
		got, problems := parseEnv("test.env", []byte(again.String()))
		if len(problems) > 0 {
			t.Fatalf("problems of %q: %q", again.String(), problems)
		}
		if diff := cmp.Diff(variables, got); diff != "" {
			t.Errorf("written and read again (-want +got):\n%s", diff)
		}
	})
}
