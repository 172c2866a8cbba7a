package config_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/config"

	"github.com/google/go-cmp/cmp"
)

// rewrite reports whether -update was given.
func rewrite() bool { return flag.Lookup("update").Value.String() == "true" }

func TestMain(m *testing.M) {
	flag.Bool("update", false, "rewrite the golden files and routes.schema.json")
	flag.Parse()
	os.Exit(m.Run())
}

// goldenCase is a route file of an archive: NAME.yaml or NAME.json, followed by NAME.problems or NAME.api. All route files
// of an archive have its handlers and its env, if it has them.
type goldenCase struct {
	file     string
	source   []byte
	handlers []string
	env      map[string]string
}

// read is what the facade does: every problem of the file and of the model, or the model.
func (c goldenCase) read() (*apigw.API, []apigw.Problem) {
	api, problems := config.Read(c.file, c.source, config.Options{
		Getenv:      func(name string) string { return c.env[name] },
		DefaultName: "folder",
	})
	if api != nil {
		problems = apigw.SortProblems(append(problems, api.Validate(c.handlers)...))
	}
	return api, problems
}

// archive is a txtar file: a comment, then files that "-- NAME --" begins.
type archive struct {
	comment string
	files   []archiveFile
}

type archiveFile struct{ name, data string }

func parseArchive(text string) archive {
	var a archive
	for line := range strings.Lines(text) {
		name, begins := strings.CutPrefix(line, "-- ")
		name, ends := strings.CutSuffix(name, " --\n")
		switch {
		case begins && ends:
			a.files = append(a.files, archiveFile{name: name})
		case len(a.files) == 0:
			a.comment += line
		default:
			a.files[len(a.files)-1].data += line
		}
	}
	return a
}

func (a archive) String() string {
	text := a.comment
	for _, f := range a.files {
		text += "-- " + f.name + " --\n" + f.data
	}
	return text
}

func readArchive(t testing.TB, file string) archive {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parseArchive(string(text))
}

func goldenCases(a archive) []goldenCase {
	var cases []goldenCase
	var handlers []string
	env := map[string]string{}
	for _, f := range a.files {
		switch filepath.Ext(f.name) {
		case ".yaml", ".json":
			cases = append(cases, goldenCase{file: f.name, source: []byte(f.data), handlers: handlers, env: env})
		case ".handlers":
			handlers = strings.Fields(f.data)
		case ".env":
			for line := range strings.Lines(f.data) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
				env[name] = value
			}
		}
	}
	return cases
}

func goldenFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	return files
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, file := range goldenFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			want := readArchive(t, file)
			got := archive{comment: want.comment}
			for _, f := range want.files {
				if ext := filepath.Ext(f.name); ext == ".env" || ext == ".handlers" {
					got.files = append(got.files, f)
				}
			}
			for _, c := range goldenCases(want) {
				got.files = append(got.files, archiveFile{c.file, string(c.source)}, result(t, c))
			}
			if rewrite() {
				if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want.String(), got.String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

// result is the file that an archive should hold after a route file.
func result(t *testing.T, c goldenCase) archiveFile {
	t.Helper()
	base := strings.TrimSuffix(c.file, filepath.Ext(c.file))
	api, problems := c.read()
	for _, p := range problems {
		checkPosition(t, c.source, p)
	}
	var text bytes.Buffer
	if len(problems) == 0 {
		dump(&text, api)
		return archiveFile{base + ".api", text.String()}
	}
	for _, p := range problems {
		fmt.Fprintln(&text, p)
	}
	return archiveFile{base + ".problems", text.String()}
}

// dump writes a model with its positions as LINE:COLUMN.
func dump(w *bytes.Buffer, api *apigw.API) {
	at := func(p apigw.Position) string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }
	fmt.Fprintf(w, "api %s id=%s stage=%s region=%s account=%s base=%q timeout=%s authorizerTimeout=%s @%s\n",
		api.Name, api.ID, api.Stage, api.Region, api.AccountID, api.BasePath, api.IntegrationTimeout, api.AuthorizerTimeout, at(api.Position))
	for _, name := range slices.Sorted(maps.Keys(api.StageVariables)) {
		fmt.Fprintf(w, "variable %s=%q\n", name, api.StageVariables[name])
	}
	for _, name := range api.BinaryMediaTypes {
		fmt.Fprintf(w, "binary %s\n", name)
	}
	for _, f := range api.Functions {
		fmt.Fprintf(w, "function %s handler=%q url=%q timeout=%s @%s\n", f.Name, f.Handler, f.URL, f.Timeout, at(f.Position))
		if f.IsProgram() {
			fmt.Fprintf(w, "  program %q %s in %q %v init=%s memory=%d concurrency=%d build=%q\n",
				f.Command, f.Runtime, f.Directory, f.Environment, f.InitTimeout, f.MemorySize, f.Concurrency, f.Build)
		}
	}
	for _, a := range api.Authorizers {
		fmt.Fprintf(w, "authorizer %s %s function=%s ttl=%s @%s\n", a.Name, a.Type, a.Function, a.ResultTTL, at(a.Position))
		for _, s := range a.IdentitySources {
			fmt.Fprintf(w, "  identity %s @%s\n", s, at(s.Position))
		}
		if a.ValidationExpression != "" {
			fmt.Fprintf(w, "  expression %s @%s\n", a.ValidationExpression, at(a.ExpressionPosition))
		}
	}
	if api.DefaultAuthorizer != "" {
		fmt.Fprintf(w, "default %s @%s\n", api.DefaultAuthorizer, at(api.DefaultPosition))
	}
	dumpUsage(w, api, at)
	if l := api.AccessLog; l != nil {
		fmt.Fprintf(w, "accessLog %s @%s %s\n", l.File, at(l.Position), l.Format)
	}
	for i := range api.Routes {
		r := &api.Routes[i]
		fmt.Fprintf(w, "route %s @%s function=%s @%s", r.Key(), at(r.Position), r.Function, at(r.FunctionPosition))
		if r.Authorizer != "" {
			fmt.Fprintf(w, " authorizer=%s @%s", r.Authorizer, at(r.AuthorizerPosition))
		}
		if r.Validator != "" {
			fmt.Fprintf(w, " validator=%s", r.Validator)
		}
		if r.APIKeyPosition != (apigw.Position{}) {
			fmt.Fprintf(w, " apiKeyRequired=%t @%s", r.APIKeyRequired, at(r.APIKeyPosition))
		}
		fmt.Fprintln(w)
		dumpIntegration(w, r)
		for _, p := range r.RequestParameters {
			fmt.Fprintf(w, "  parameter %s required=%t @%s\n", p, p.Required, at(p.Position))
		}
		for _, m := range r.RequestModels {
			fmt.Fprintf(w, "  model %s %s @%s\n", m.ContentType, m.Model, at(m.Position))
		}
	}
	if c := api.CORS; c != nil {
		fmt.Fprintf(w, "cors %s @%s headers=%v methods=%v maxAge=%d %t credentials=%t @%s\n",
			c.AllowOrigin, at(c.OriginPosition), c.AllowHeaders, c.AllowMethods, c.MaxAge, c.HasMaxAge, c.AllowCredentials, at(c.Position))
	}
	for _, m := range api.Models {
		fmt.Fprintf(w, "model %s @%s %s\n", m.Name, at(m.Position), m.Schema)
	}
	for _, r := range api.GatewayResponses {
		fmt.Fprintf(w, "gateway response %s %d @%s %s\n", r.Type, r.Status, at(r.Position), at(r.StatusPosition))
		for _, h := range r.Headers {
			fmt.Fprintf(w, "  header %s %s @%s\n", h.Name, h.Expression, at(h.Position))
		}
		for _, t := range r.Templates {
			fmt.Fprintf(w, "  template %s %q @%s\n", t.ContentType, t.Text, at(t.Position))
		}
	}
}

func dumpUsage(w *bytes.Buffer, api *apigw.API, at func(apigw.Position) string) {
	throttle := func(name string, t *apigw.Throttle) {
		fmt.Fprintf(w, "%s rate=%g burst=%d @%s\n", name, t.RateLimit, t.BurstLimit, at(t.Position))
	}
	if api.APIKeySource != apigw.HeaderKeySource {
		fmt.Fprintf(w, "apiKeySource %s @%s\n", api.APIKeySource, at(api.Positions["apiKeySource"]))
	}
	for _, k := range api.APIKeys {
		fmt.Fprintf(w, "apiKey %s name=%q value=%s @%s disabled=%t @%s\n", k.ID, k.Name, k.Value, at(k.ValuePosition), k.Disabled, at(k.Position))
	}
	for i := range api.UsagePlans {
		p := &api.UsagePlans[i]
		fmt.Fprintf(w, "plan %s @%s\n", p.Name, at(p.Position))
		for _, k := range p.APIKeys {
			fmt.Fprintf(w, "  apiKey %s @%s\n", k.Key, at(k.Position))
		}
		if p.Throttle != nil {
			throttle("  throttle", p.Throttle)
		}
		if q := p.Quota; q != nil {
			fmt.Fprintf(w, "  quota %d-%d a %s @%s\n", q.Limit, q.Offset, q.Period, at(q.Position))
		}
		for i := range p.Methods {
			throttle("  method "+p.Methods[i].Route, &p.Methods[i].Throttle)
		}
	}
	if t := api.Throttle; t != nil {
		throttle("throttle", &t.Throttle)
		throttle("  account", t.Account)
		for i := range t.Methods {
			throttle("  method "+t.Methods[i].Route, &t.Methods[i].Throttle)
		}
	}
}

func dumpIntegration(w *bytes.Buffer, r *apigw.Route) {
	if h := r.HTTP; h != nil {
		fmt.Fprintf(w, "  http %q method=%q timeout=%s insecure=%t @%d:%d\n", h.URI, h.Method, h.Timeout, h.Insecure, h.Position.Line, h.Position.Column)
		for _, p := range h.Parameters {
			fmt.Fprintf(w, "    %d %s from %q @%d:%d\n", p.To, p.Name, p.From, p.Position.Line, p.Position.Column)
		}
	}
	if m := r.Mock; m != nil {
		fmt.Fprintf(w, "  mock %d %q @%d:%d\n", m.Status, m.Body, m.Position.Line, m.Position.Column)
		for i := range m.Headers {
			fmt.Fprintf(w, "    %s: %s\n", m.Headers[i].Name, m.Headers[i].Value)
		}
	}
}
