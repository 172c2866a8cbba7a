package gatewayd_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The pages about functions show files of examples, which CI runs, as they are.
func TestPagesShowExamples(t *testing.T) {
	t.Parallel()
	shown := regexp.MustCompile("(?m)^`([A-Za-z./]+)`:\n\n```[a-z]+\n((?s:.*?))```$")
	for _, language := range []string{"python", "node", "go", "java"} {
		page, err := os.ReadFile(path.Join("docs", "functions", language+".md"))
		if err != nil {
			t.Fatal(err)
		}
		files := shown.FindAllStringSubmatch(string(page), -1)
		if len(files) < 2 {
			t.Errorf("the page about %s shows %d files", language, len(files))
		}
		for _, file := range files {
			want, err := os.ReadFile(path.Join("examples", language, file[1]))
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(string(want), file[2]); diff != "" {
				t.Errorf("%s on the page about %s (-example +page):\n%s", file[1], language, diff)
			}
		}
	}
}

// Every code of a finding has a row, and every row is of a code that there is.
func TestPageHasEveryFinding(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/policy-findings.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		got = append(got, row[1])
	}
	var want []string
	for file, inFile := range map[string]func(*ast.ValueSpec) bool{
		"emulator/policy/codes.go":          func(*ast.ValueSpec) bool { return true },
		"emulator/internal/gateway/lint.go": func(v *ast.ValueSpec) bool { return v.Names[0].Name == "oneMethodCached" },
	} {
		source, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(source, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || !inFile(spec) {
				return true
			}
			literal, ok := spec.Values[0].(*ast.BasicLit)
			if !ok {
				t.Fatalf("%s: %s is no literal", file, spec.Names[0].Name)
			}
			code, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Error(err)
			}
			want = append(want, code)
			return true
		})
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("codes (-source +page):\n%s", diff)
	}
}

// The page about testing shows tests that are run: those of examples/testing, and the example of package emulatortest.
func TestTestingPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?m)^```([a-z]+)\n((?s:.*?))^```$").FindAllStringSubmatch(string(page), -1)
	shown := map[string]string{}
	for _, block := range blocks {
		shown[block[1]] = block[2]
	}
	for language, file := range map[string]string{"python": "test_pets.py", "js": "pets.test.mjs", "sh": "test_pets.sh"} {
		want, err := os.ReadFile(path.Join("examples", "testing", file))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), shown[language]); diff != "" {
			t.Errorf("%s (-example +page):\n%s", file, diff)
		}
	}
	example, err := os.ReadFile("emulator/emulatortest/example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if shown["go"] == "" || !strings.Contains(string(example), shown["go"]) {
		t.Errorf("the example of emulatortest is not what the page shows:\n%s", shown["go"])
	}
}
