package gatewayd_test

import (
	"os"
	"path"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The pages about functions show files of examples, which CI runs, as they are.
func TestPagesShowExamples(t *testing.T) {
	t.Parallel()
	shown := regexp.MustCompile("(?m)^`([a-z.]+)`:\n\n```[a-z]+\n((?s:.*?))```$")
	for _, language := range []string{"python", "node", "go"} {
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
