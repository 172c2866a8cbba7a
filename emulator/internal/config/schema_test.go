package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatewayd/emulator/internal/config"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

func ExampleSchema() {
	var schema struct {
		Properties map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(config.Schema(), &schema); err != nil {
		fmt.Println(err)
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		fmt.Println(name, slices.Sorted(maps.Keys(schema.Properties[name].Properties)))
	}
	// Output:
	// api [accessLog accountId apiKeySource authorizerTimeoutInMillis basePath binaryMediaTypes id name region stage stageVariables timeoutInMillis type]
	// apiKeys []
	// authorizers []
	// cors []
	// defaultAuthorizer []
	// functions []
	// gatewayResponses []
	// models []
	// resourcePolicy []
	// routes []
	// throttle [account burstLimit methods rateLimit]
	// usagePlans []
}

// TestSchemaCommitted proves that the schema in the repository is that of the decoder.
func TestSchemaCommitted(t *testing.T) {
	t.Parallel()
	const file = "../../../routes.schema.json"
	if rewrite() {
		if err := os.WriteFile(file, config.Schema(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(config.Schema()), string(committed)); diff != "" {
		t.Errorf("run go test ./emulator/internal/config -update (-want +got):\n%s", diff)
	}
}

// TestSchemaAcceptsGoldens: an editor must not mark what gatewayd takes.
func TestSchemaAcceptsGoldens(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	for _, file := range goldenFiles(t) {
		for _, c := range goldenCases(readArchive(t, file)) {
			if _, problems := c.read(); len(problems) > 0 {
				continue
			}
			if err := schema.Validate(instance(t, c.source)); err != nil {
				t.Errorf("%s of %s: %v", c.file, filepath.Base(file), err)
			}
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	const routes = "\nroutes: { GET /: pets }"
	for _, c := range []struct{ name, source, want string }{
		{name: "unknown key of the file", source: "route: {}" + routes, want: "'route' not allowed"},
		{name: "unknown key of the API", source: "api: { stge: dev }" + routes, want: "'stge' not allowed"},
		{name: "unknown key of a function", source: "functions: { f: { handlr: pets } }" + routes, want: "'handlr' not allowed"},
		{name: "unknown key of an authorizer", source: "authorizers: { a: { ttl: 3 } }" + routes, want: "'ttl' not allowed"},
		{name: "unknown key of a route", source: "routes: { GET /: { function: pets, auth: a } }", want: "'auth' not allowed"},
		{name: "several origins", source: "cors: { allowOrigins: ['https://a', 'https://b'] }" + routes, want: "maxItems"},
		{name: "two kinds of function", source: "functions: { f: { command: [x], url: 'http://x/' } }" + routes, want: "oneOf"},
		{name: "runtime without handler", source: "functions: { f: { runtime: python3.11 } }" + routes, want: "handler"},
		{name: "two integrations", source: "routes: { GET /: { function: pets, mock: {} } }", want: "'oneOf' failed"},
		{name: "an API key without a value", source: "apiKeys: [{ id: a }]" + routes, want: "missing property 'value'"},
		{name: "half a throttle", source: "throttle: { rateLimit: 1 }" + routes, want: "missing property 'burstLimit'"},
		{name: "a quota for a year", source: "usagePlans: [{ name: a, quota: { limit: 1, period: YEAR } }]" + routes, want: "/usagePlans/0/quota/period"},
		{name: "a key that is required perhaps", source: "routes: { GET /: { function: pets, apiKeyRequired: maybe } }", want: "apiKeyRequired"},
		{name: "reserved API type", source: "api: { type: HTTP }" + routes, want: "/api/type"},
		{name: "reserved authorizer type", source: "authorizers: { a: { type: JWT } }" + routes, want: "/authorizers/a/type"},
		{name: "TTL out of range", source: "authorizers: { a: { authorizerResultTtlInSeconds: 3601 } }" + routes, want: "maximum: got 3,601, want 3,600"},
		{name: "empty text", source: "defaultAuthorizer: ''" + routes, want: "minLength: got 0, want 1"},
		{name: "method in small letters", source: "routes: { get /: pets }", want: "'get /' does not match pattern"},
		{name: "two ways to a function", source: "functions: { f: { handler: pets, url: http://x } }" + routes, want: "'oneOf' failed"},
		{name: "authorizer without function", source: "authorizers: { a: { type: TOKEN } }" + routes, want: "missing property 'function'"},
		{name: "no routes", source: "api: {}", want: "missing property 'routes'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if err := schema.Validate(instance(t, []byte(c.source))); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("routes.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("routes.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// instance is a route file as an editor sees it.
func instance(t *testing.T, source []byte) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal(source, &value); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return document
}
