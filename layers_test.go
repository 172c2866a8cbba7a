// Package gatewayd_test holds the house rules that concern the module as a whole.
package gatewayd_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// rule says what a package's files may import besides the standard library. Its tests may also import the package itself,
// every public package of this module, and every module that go.mod requires.
type rule struct {
	packages []string // of this module, by folder
	modules  []string // of others, by module path
}

// layers is the architecture: imports point from a layer to the ones below it. Every package of the module stands here.
func layers() map[string]rule {
	var (
		l0      = []string{"emulator/arn", "emulator/policy", "emulator/trace"}
		l1      = slices.Concat(l0, []string{"emulator/apigw"})
		l2      = slices.Concat(l1, internal("accesslog", "authorizer", "event", "function", "issuer", "mapping", "match", "model", "usage", "wire"))
		l3      = slices.Concat(l2, internal("config", "control", "gateway"))
		library = []string{"emulator", "emulator/apigw", "emulator/console", "emulator/policy", "emulator/trace", "handlers"}
	)
	return map[string]rule{
		".": {},

		// Layer 5: the program. It can use only what a user of the library can use.
		"cmd/gatewayd": {
			packages: library,
			modules:  []string{"github.com/alecthomas/kong"},
		},
		"emulator/conformance": {},
		"e2e":                  {},
		"emulator/emulatortest": {
			packages: []string{"emulator", "emulator/trace"},
			modules:  []string{"github.com/aws/aws-lambda-go"},
		},
		"bench": {
			packages: slices.Concat(library, []string{"emulator/emulatortest"}),
			modules:  []string{"github.com/aws/aws-lambda-go", "github.com/go-chi/chi/v5"},
		},
		"bench/compare": {packages: []string{"bench"}, modules: []string{"github.com/go-chi/chi/v5"}},

		// Layer 4: the facade.
		"emulator": {packages: l3, modules: []string{"github.com/aws/aws-lambda-go"}},

		// Layer 3: what puts the parts together.
		"emulator/internal/config": {
			packages: l2,
			modules:  []string{"gopkg.in/yaml.v3"},
		},
		"emulator/internal/control": {
			packages: l2,
			modules:  []string{"github.com/go-chi/chi/v5"},
		},
		"emulator/internal/gateway": {
			packages: l2,
			modules:  []string{"github.com/aws/aws-lambda-go", "github.com/google/uuid"},
		},

		// Layer 2: the parts, which do not know one another, but for the authorizer.
		"emulator/internal/authorizer": {
			packages: slices.Concat(l1, internal("event")),
			modules:  []string{"github.com/dlclark/regexp2", "golang.org/x/sync"},
		},
		"emulator/internal/accesslog": {},
		"emulator/internal/event":     {packages: l1, modules: []string{"github.com/aws/aws-lambda-go"}},
		"emulator/internal/function":  {packages: l1, modules: []string{"github.com/aws/aws-lambda-go", "github.com/google/uuid"}},
		"emulator/internal/issuer": {modules: []string{
			"github.com/go-chi/chi/v5", "github.com/go-jose/go-jose/v4", "github.com/golang-jwt/jwt/v5",
		}},
		"emulator/internal/mapping": {packages: l1},
		"emulator/internal/match":   {packages: l1},
		"emulator/internal/model": {
			packages: l1,
			modules:  []string{"github.com/dlclark/regexp2", "github.com/santhosh-tekuri/jsonschema/v6"},
		},
		"emulator/internal/usage": {packages: l1},
		"emulator/internal/wire":  {},

		// Layer 1: the model in API Gateway's words.
		"emulator/apigw": {packages: l0},

		// Layer 0: the standard library only.
		"emulator/arn":    {},
		"emulator/policy": {},
		"emulator/trace":  {packages: []string{"emulator/policy"}},

		// Beside the layers: what is deployed as it is, or served as it is.
		"emulator/console": {},
		"handlers": {
			packages: []string{"handlers/accounts", "handlers/authpolicy"},
			modules: []string{
				"github.com/aws/aws-lambda-go", "github.com/go-jose/go-jose/v4", "github.com/golang-jwt/jwt/v5",
			},
		},
		"handlers/accounts": {
			modules: []string{
				"github.com/aws/aws-lambda-go", "github.com/golang-jwt/jwt/v5", "golang.org/x/crypto", "modernc.org/sqlite",
			},
		},
		"handlers/authpolicy": {modules: []string{"github.com/aws/aws-lambda-go"}},
		"handlers/cmd/lambda": {packages: []string{"handlers"}, modules: []string{"github.com/aws/aws-lambda-go"}},
	}
}

func TestLayers(t *testing.T) {
	t.Parallel()
	for _, problem := range check(t, os.DirFS(".")) {
		t.Error(problem)
	}
}

// A package that is gone leaves no line behind, neither of its own nor in the lists of others.
func TestLayersListsOnlyWhatIsThere(t *testing.T) {
	t.Parallel()
	for folder, rule := range layers() {
		for _, listed := range append(rule.packages, folder) {
			if files, err := filepath.Glob(filepath.Join(filepath.FromSlash(listed), "*.go")); err != nil || len(files) == 0 {
				t.Errorf("%s, of the line of %s, is no package (%v)", listed, folder, err)
			}
		}
	}
}

// The rules themselves, tried on small trees: what passes, and what is reported.
func TestLayersReportsEachBreach(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		file   string
		source string
		want   []string
	}{
		{name: "downward", file: "emulator/apigw/api.go", source: `import _ "gatewayd/emulator/arn"`},
		{name: "authorizer to event", file: "emulator/internal/authorizer/a.go", source: `import _ "gatewayd/emulator/internal/event"`},
		{name: "package inside a listed module", file: "handlers/h.go", source: `import _ "github.com/aws/aws-lambda-go/events"`},
		{name: "public package in a test", file: "emulator/arn/arn_test.go", source: `import _ "gatewayd/emulator/emulatortest"`},
		{name: "third party in a test", file: "emulator/arn/arn_test.go", source: `import _ "github.com/google/go-cmp/cmp"`},
		{name: "its own package in a test", file: "emulator/internal/usage/u_test.go", source: `import _ "gatewayd/emulator/internal/usage"`},
		{name: "not a package", file: "emulator/policy/testdata/x.go", source: `import _ "gatewayd/emulator"`},
		{name: "another module", file: "examples/node/x.go", source: `import _ "gatewayd/emulator"`},
		{
			name: "upward", file: "emulator/arn/arn.go", source: `import _ "gatewayd/emulator/apigw"`,
			want: []string{`emulator/arn/arn.go imports "gatewayd/emulator/apigw", which emulator/arn may not import (layers in layers_test.go)`},
		},
		{
			name: "same layer", file: "emulator/internal/match/m.go", source: `import _ "gatewayd/emulator/internal/event"`,
			want: []string{`emulator/internal/match/m.go imports "gatewayd/emulator/internal/event", which emulator/internal/match may not import (layers in layers_test.go)`},
		},
		{
			name: "upward in a test", file: "emulator/apigw/api_test.go", source: `import _ "gatewayd/emulator/internal/gateway"`,
			want: []string{`emulator/apigw/api_test.go imports "gatewayd/emulator/internal/gateway", which emulator/apigw may not import (layers in layers_test.go)`},
		},
		{
			name: "third party", file: "emulator/policy/policy.go", source: `import _ "github.com/google/uuid"`,
			want: []string{`emulator/policy/policy.go imports "github.com/google/uuid", a dependency that emulator/policy does not have: do without, or add its module to layers in layers_test.go`},
		},
		{
			name: "module whose name begins alike", file: "emulator/internal/issuer/i.go", source: `import _ "github.com/go-jose/go-jose/v40"`,
			want: []string{`emulator/internal/issuer/i.go imports "github.com/go-jose/go-jose/v40", a dependency that emulator/internal/issuer does not have: do without, or add its module to layers in layers_test.go`},
		},
		{
			name: "unlisted", file: "emulator/util/util.go",
			want: []string{`emulator/util/util.go: emulator/util is not in the architecture: add it to layers in layers_test.go, with what it may import`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tree := fstest.MapFS{
				test.file:              {Data: []byte("package p\n" + test.source)},
				"go.mod":               {Data: []byte("module gatewayd\n")},
				"examples/node/go.mod": {Data: []byte("module example\n")},
			}
			if diff := cmp.Diff(test.want, check(t, tree)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// check reads the import clauses of every Go file of the module, whatever its build constraints, and reports the breaches.
func check(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var problems []string
	rules := layers()
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && !inModule(tree, name):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		folder := path.Dir(name)
		allowed, listed := rules[folder]
		if !listed {
			problems = append(problems, fmt.Sprintf(
				"%s: %s is not in the architecture: add it to layers in layers_test.go, with what it may import", name, folder))
			return nil
		}
		imports, err := importsOf(tree, name)
		for _, imported := range imports {
			if problem := allowed.breach(name, imported); problem != "" {
				problems = append(problems, problem)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

// breach says how the import breaks the rule of the file's package; it is empty if it does not.
func (r rule) breach(file, imported string) string {
	folder := path.Dir(file)
	inTest := strings.HasSuffix(file, "_test.go")
	if own, ok := strings.CutPrefix(imported, "gatewayd/"); ok {
		public := !slices.Contains(strings.Split(own, "/"), "internal")
		if slices.Contains(r.packages, own) || inTest && (public || own == folder) {
			return ""
		}
		return fmt.Sprintf("%s imports %q, which %s may not import (layers in layers_test.go)", file, imported, folder)
	}
	host, _, _ := strings.Cut(imported, "/")
	standard := !strings.Contains(host, ".")
	if standard || inTest || slices.ContainsFunc(r.modules, func(module string) bool {
		return imported == module || strings.HasPrefix(imported, module+"/")
	}) {
		return ""
	}
	return fmt.Sprintf("%s imports %q, a dependency that %s does not have: do without, or add its module to layers in layers_test.go",
		file, imported, folder)
}

// inModule says whether the go command looks for packages of this module in the folder.
func inModule(tree fs.FS, folder string) bool {
	name := path.Base(folder)
	if name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return false
	}
	_, err := fs.Stat(tree, path.Join(folder, "go.mod"))
	return err != nil
}

func importsOf(tree fs.FS, name string) ([]string, error) {
	source, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	imports := make([]string, 0, len(file.Imports))
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		imports = append(imports, imported)
	}
	return imports, nil
}

func internal(names ...string) []string {
	folders := make([]string, 0, len(names))
	for _, name := range names {
		folders = append(folders, "emulator/internal/"+name)
	}
	return folders
}
