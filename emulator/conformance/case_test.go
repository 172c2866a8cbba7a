// Package conformance_test asks the whole gateway, by HTTP, whether it answers as API Gateway does.
//
// What API Gateway does is data: testdata/TOPIC/*.txtar. Such a file begins with what it is about; its sections that end in
// .yaml are route files (routes.yaml is the one that cases use unless they say otherwise), each other section is a case, named
// by what it shows. A case is YAML:
//
//	source: rest-authorizer 7.7, recorded 2026-09   # who says so
//	confidence: recorded                            # recorded, documented, reported or inferred
//	authorizer: [allow, {error: Unauthorized}]      # what the function "authorizer" answers, call by call; the last one goes on
//	steps:
//	  - send: GET /dev/pets?page=1                  # the request target, byte for byte
//	    headers: ["X-Auth: a"]
//	    answer: explicit deny                       # status, body, headers: an outcome of testdata/shared.yaml
//	    code: policy.explicit_deny                  # of the trace
//	    calls: 1                                    # of the function "authorizer" during this step
//	  - forward: 301s                               # the clock
//
// The functions are "authorizer" and "backend"; each reply is a name of testdata/shared.yaml, text that begins with {, or a
// mapping (see reply). A response is always checked whole: status, body bytes, headers, whether the backend was called, and
// that request ids agree everywhere. When a case fails, its source and confidence are printed with it. The fields that a case
// and a step can have are those of testCase and step.
package conformance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gopkg.in/yaml.v3"

	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

// testCase is one situation and what API Gateway makes of it.
type testCase struct {
	Source     string           `yaml:"source"`
	Confidence trace.Confidence `yaml:"confidence"`

	Routes     string   `yaml:"routes"`     // a section of the same file; "" is routes.yaml
	Problems   []string `yaml:"problems"`   // what the problems of the routes say, one text each; such a case has no steps
	Authorizer []reply  `yaml:"authorizer"` // none: it always answers "allow"
	Backend    []reply  `yaml:"backend"`    // none: it always answers 200 "ok"
	RealTime   bool     `yaml:"realTime"`   // the clock of the machine; else time passes in no time
	Options    options  `yaml:"options"`
	Endpoint   []string `yaml:"endpoint"` // what the endpoint of an HTTP integration answers, head and body; none: 200 "ok"
	Steps      []step   `yaml:"steps"`
}

// options are those of the emulator that a case can set.
type options struct {
	Strict            bool    `yaml:"strict"`
	LegacyMessages    bool    `yaml:"legacyMessages"`
	DisableAuthorizer bool    `yaml:"disableAuthorizer"`
	MockAuthorizer    *string `yaml:"mockAuthorizer"` // JSON
}

func (o options) emulator() *emulator.Options {
	out := &emulator.Options{Strict: o.Strict, LegacyMessages: o.LegacyMessages, DisableAuthorizer: o.DisableAuthorizer}
	if o.MockAuthorizer != nil {
		out.MockAuthorizer = []byte(*o.MockAuthorizer)
	}
	return out
}

// step is a request and what comes of it, or something that happens between two requests.
type step struct {
	Send    string   `yaml:"send"` // METHOD TARGET
	Headers []string `yaml:"headers"`
	Body    string   `yaml:"body"`

	Answer outcome    `yaml:"answer"`
	Code   trace.Code `yaml:"code"`   // "": not looked at
	Calls  *int       `yaml:"calls"`  // none: not looked at
	Cache  string     `yaml:"cache"`  // hit, miss, off, or none: no authorizer got so far; "": not looked at
	Writer string     `yaml:"writer"` // METHOD PATH of the request that wrote the result of a hit
	Says   []string   `yaml:"says"`   // what the line in the log contains
	Logged *string    `yaml:"logged"` // the line in the access log, its ids as <requestId> and <extendedRequestId>; "": it has none

	// What the newest events contain: a path such as requestContext.identity.user and its value. The value <absent> is a key
	// that is not there, <present> any value. A path that ends in * is that of an object, its value the list of its keys.
	AuthorizerEvent map[string]any `yaml:"authorizerEvent"`
	BackendEvent    map[string]any `yaml:"backendEvent"`

	// What the newest request to an endpoint contains, in the same way: method, target, body, and headers by their names.
	EndpointRequest map[string]any `yaml:"endpointRequest"`

	Forward time.Duration `yaml:"forward"` // moves the clock; a negative one sets it back
	Reload  string        `yaml:"reload"`  // the section that the route file now holds
	Reset   bool          `yaml:"reset"`
}

// outcome is a response. In YAML it is a name of testdata/shared.yaml, or a mapping, which may change a named one.
type outcome struct {
	Like      string         `yaml:"like"`
	Status    int            `yaml:"status"`
	Body      *string        `yaml:"body"`
	ErrorType string         `yaml:"errorType"` // of x-amzn-ErrorType
	Backend   bool           `yaml:"backend"`   // the backend was called, and the response has X-Amzn-Trace-Id
	Proxied   bool           `yaml:"proxied"`   // the response is the backend's own: it may have more headers
	Headers   map[string]any `yaml:"headers"`   // the value, a list of values, or <absent>
}

func (o *outcome) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&o.Like)
	}
	type plain outcome
	return node.Decode((*plain)(o))
}

// reply is what a function does when it is called: its fields, in this order. In YAML, text is an answer.
type reply struct {
	Sleep  time.Duration `yaml:"sleep"`
	Panic  string        `yaml:"panic"`
	Error  *string       `yaml:"error"`  // the text of the error that it returns
	Raw    *string       `yaml:"raw"`    // the bytes that it answers, JSON or not
	Answer string        `yaml:"answer"` // a name of testdata/shared.yaml or an object; $methodArn, $stageArn and $token are replaced
}

func (r *reply) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&r.Answer)
	}
	type plain reply
	return node.Decode((*plain)(r))
}

// shared is testdata/shared.yaml.
type shared struct {
	Answers  map[string]string  `yaml:"answers"`
	Outcomes map[string]outcome `yaml:"outcomes"`
}

func readShared(t *testing.T) shared {
	t.Helper()
	text, err := os.ReadFile("testdata/shared.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var s shared
	decodeStrict(t, "testdata/shared.yaml", string(text), &s)
	return s
}

func decodeStrict(t *testing.T, name, text string, into any) {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// section is a part of a txtar file: what follows a line -- NAME --.
type section struct{ name, text string }

// readSections leaves out the comment that the file begins with.
func readSections(text string) []section {
	var sections []section
	for line := range strings.Lines(text) {
		name, begins := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "-- ")
		name, ends := strings.CutSuffix(name, " --")
		if begins && ends {
			sections = append(sections, section{name: name})
		} else if len(sections) > 0 {
			sections[len(sections)-1].text += line
		}
	}
	return sections
}

// runCases runs every case of every file of a folder of testdata, side by side.
func runCases(t *testing.T, folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", folder, err)
	}
	common := readShared(t)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sections, routes := readSections(string(text)), map[string]string{}
		for _, s := range sections {
			if filepath.Ext(s.name) == ".yaml" {
				routes[s.name] = s.text
			}
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			for _, s := range sections {
				if _, isRoutes := routes[s.name]; isRoutes {
					continue
				}
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					var c testCase
					decodeStrict(t, s.name, s.text, &c)
					c.run(t, routes, common)
				})
			}
		})
	}
}

func (c *testCase) run(t *testing.T, routes map[string]string, common shared) {
	t.Helper()
	switch c.Confidence {
	case trace.Recorded, trace.Documented, trace.Reported, trace.Inferred:
	default:
		t.Fatalf("confidence %q is none", c.Confidence)
	}
	if c.Source == "" || len(c.Steps) == 0 && len(c.Problems) == 0 {
		t.Fatal("a case has a source, and steps or problems")
	}
	defer func() {
		if t.Failed() {
			t.Logf("source: %s (%s)", c.Source, c.Confidence)
		}
	}()
	if c.Routes == "" {
		c.Routes = "routes.yaml"
	}
	run := func(t *testing.T) { newRunner(t, c, routes, common).run() }
	if c.RealTime {
		run(t)
		return
	}
	synctest.Test(t, run)
}
