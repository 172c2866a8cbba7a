package config_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/config"

	"github.com/google/go-cmp/cmp"
)

func ExampleRead() {
	api, problems := config.Read("routes.yaml", []byte(`
api: { stage: dev }
authorizers:
  jwt: { type: TOKEN, function: jwt, identitySource: Authorization }
routes:
  GET /pets/{petId}: { function: pets, authorizer: jwt }
`), config.Options{DefaultName: "petstore"})
	fmt.Println(api.Name, api.Stage, problems)
	fmt.Println(api.Routes[0].Key(), api.Routes[0].Position)
	fmt.Println(api.Authorizers[0].IdentitySources[0], api.Authorizers[0].ResultTTL)

	_, problems = config.Read("routes.yaml", []byte(`
api: { stge: dev, timeoutInMillis: 30000 }
routes:
  GET /pets: { mock: { body: "$util.urlEncode('a')" } }
`), config.Options{})
	for _, p := range problems {
		fmt.Println(p)
	}
	// Output:
	// petstore dev []
	// GET /pets/{petId} routes.yaml:6:3
	// method.request.header.Authorization 5m0s
	// routes.yaml:2:8: unknown key "stge", did you mean "stage"?
	// routes.yaml:2:36: timeoutInMillis must be a whole number from 50 to 29000, not "30000"
	// routes.yaml:4:30: mock.body: $util.urlEncode is not known; a mock integration has $context.NAME, $stageVariables.NAME, $input.params('NAME')
}

// TestReadBytes has what a golden file cannot hold, or should not.
func TestReadBytes(t *testing.T) {
	t.Parallel()
	const routes = "routes:\n  GET /: pets\n"
	for _, c := range []struct {
		name   string
		source string
		want   []string
	}{
		{name: "byte order mark", source: "\ufeffapi: {}\nroutes: 1\n", want: []string{`f:2:9: routes must be a mapping, not "1"`}},
		{name: "byte order mark inside", source: "api: {}\n\ufeff" + routes, want: []string{`f:2:1: the character U+FEFF is not allowed in YAML`}},
		{name: "NUL", source: "api:\n  é: \x00\n", want: []string{`f:2:6: the character U+0000 is not allowed in YAML`}},
		{name: "control character", source: routes + "# \x1b", want: []string{`f:3:3: the character U+001B is not allowed in YAML`}},
		{name: "not UTF-8", source: "api:\n  é: \xff\n", want: []string{`f:2:6: byte 0xff is not UTF-8`}},
		{name: "surrogate", source: "a: \xed\xa0\x80\n", want: []string{`f:1:4: byte 0xed is not UTF-8`}},
		{name: "UTF-16", source: "\xff\xfea\x00", want: []string{`f:1:1: byte 0xff is not UTF-8; the file looks like UTF-16, save it as UTF-8`}},
		{name: "CRLF", source: "api: {}\r\nroutes: 1\r\n", want: []string{`f:2:9: routes must be a mapping, not "1"`}},
		{name: "columns of characters", source: "api: { name: \"日本\", stge: x }\n" + routes, want: []string{`f:1:20: unknown key "stge", did you mean "stage"?`}},
		{name: "nothing", source: "", want: []string{`f:1:1: the file is empty`}},
		{name: "nothing but a line", source: "\n", want: []string{`f:1:1: the file is empty`}},
		{name: "too large", source: strings.Repeat("#", 4<<20) + "\n", want: []string{`f:1:1: the file is larger than 4194304 bytes, which a route file has at most`}},
		{
			name: "too deep", source: routes + "api: { name: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + " }\n",
			want: []string{`f:3:14: name must be text, not a list`, `f:3:112: nested over 100 deep`},
		},
		{
			name: "far too deep", source: routes + "api: " + strings.Repeat("[", 20_000) + "\n",
			want: []string{`f:3:1: not YAML: exceeded max depth of 10000`},
		},
		{name: "merges of merges", source: mergeBomb(), want: []string{`f:3:7: aliases expand to over 500000 nodes`}},
		{name: "no environment", source: "functions: { f: { url: '${X}' } }", want: []string{`f:1:24: the variable X is not set; set it, or write ${X:-default}`}},
		{name: "long text", source: "routes: " + strings.Repeat("a", 100), want: []string{`f:1:9: routes must be a mapping, not a text of 100 bytes`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			_, problems := config.Read("f", []byte(c.source), config.Options{})
			for _, p := range problems {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// mergeBomb merges ten times what merges ten times, twelve deep.
func mergeBomb() string {
	var b strings.Builder
	b.WriteString("functions:\n  f0: &f0 { handler: pets }\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "  f%d: &f%d { <<: [%s] }\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*f%d,", i-1), 10), ","))
	}
	return b.String() + "routes:\n  GET /: f11\n"
}

// checkPosition holds a problem to a place that the file has. Lines end as YAML's do; a column may be just behind the line.
func checkPosition(t testing.TB, source []byte, p apigw.Problem) {
	t.Helper()
	ends := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")
	lines := strings.Split(ends.Replace(strings.TrimPrefix(string(source), "\ufeff")), "\n")
	at := p.Position
	if at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Column > utf8.RuneCountInString(lines[at.Line-1])+1 {
		t.Errorf("%s is not in the file %q", p, source)
	}
}

func FuzzRead(f *testing.F) {
	for _, file := range goldenFiles(f) {
		for _, c := range goldenCases(readArchive(f, file)) {
			f.Add(c.source)
		}
	}
	f.Add([]byte(mergeBomb()))
	f.Add([]byte("\ufeffapi: {}\r\n? a\r: |\n  x\u2028\u0085y\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		api, problems := config.Read("routes.yaml", source, config.Options{Getenv: func(name string) string { return name }})
		if api == nil && len(problems) == 0 {
			t.Error("neither an API nor a problem")
		}
		if api != nil {
			problems = append(problems, api.Validate([]string{"pets"})...)
		}
		for _, p := range problems {
			if utf8.Valid(source) {
				checkPosition(t, source, p)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for _, count := range []int{10, 1_000, 10_000} {
		var source strings.Builder
		source.WriteString("authorizers:\n  jwt: { function: authorize }\nroutes:\n")
		for i := range count {
			fmt.Fprintf(&source, "  GET /r%d/{id}: { function: pets, authorizer: jwt }\n", i)
		}
		b.Run(fmt.Sprintf("routes=%d", count), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(source.Len()))
			for b.Loop() {
				if _, problems := config.Read("routes.yaml", []byte(source.String()), config.Options{}); len(problems) > 0 {
					b.Fatal(problems)
				}
			}
		})
	}
}

// BenchmarkReadBroken is the search for the place in a large file that is broken at its beginning.
func BenchmarkReadBroken(b *testing.B) {
	source := []byte("api: { stage: \"dev }\nroutes:\n" + strings.Repeat("  GET /a: { function: pets, authorizer: jwt }\n", 10_000))
	b.ReportAllocs()
	for b.Loop() {
		if api, _ := config.Read("routes.yaml", source, config.Options{}); api != nil {
			b.Fatal("it was read")
		}
	}
}
