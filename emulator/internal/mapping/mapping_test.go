package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/mapping"
)

// values are those of a test, by source and name.
type values map[mapping.Reference]string

func (v values) Value(r mapping.Reference) (string, bool) {
	text, ok := v[r]
	return text, ok
}

func known() values {
	return values{
		{Source: mapping.Context, Name: "error.messageString"}: `"Unauthorized"`,
		{Source: mapping.Context, Name: "error.message"}:       "Unauthorized",
		{Source: mapping.Context, Name: "requestId"}:           "id-1",
		{Source: mapping.Context, Name: "stage"}:               "dev",
		{Source: mapping.Context, Name: "authorizer.my-key"}:   "mine",
		{Source: mapping.Context, Name: "status"}:              "200",
		{Source: mapping.StageVariable, Name: "table"}:         "pets",
		{Source: mapping.Header, Name: "X-Trace"}:              "t",
		{Source: mapping.QueryString, Name: "page"}:            "2",
		{Source: mapping.Path, Name: "id"}:                     "7",
		{Source: mapping.Param, Name: "id"}:                    "7",
	}
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, want string
		dialect          mapping.Dialect
	}{
		{name: "empty"},
		{name: "no reference", text: `{"a": "b"}`, want: `{"a": "b"}`},
		{name: "the factory's", text: `{"message":$context.error.messageString}`, want: `{"message":"Unauthorized"}`},
		{name: "one after another", text: "$context.stage$stageVariables.table", want: "devpets"},
		{name: "a dot that ends a sentence", text: "$context.error.message. Stage $context.stage.", want: "Unauthorized. Stage dev."},
		{name: "a hyphen behind a name", text: "$context.stage-$context.requestId-x", want: "dev-id-1-x"},
		{name: "a colon", text: "$context.error.message: $context.stage", want: "Unauthorized: dev"},
		{name: "what an authorizer returned", text: "[$context.authorizer.my-key]", want: "[mine]"},
		{name: "without a value", text: "[$context.authorizer.none][$stageVariables.none]", want: "[][]"},
		{name: "money", text: "it costs $5, $ 5, 5$", want: "it costs $5, $ 5, 5$"},
		{name: "a dollar sign of no variable", text: `$("p").text("${n} of $price")`, want: `$("p").text("${n} of $price")`},
		{name: "a color and a heading", text: "#fff ## a #1 #endless", want: "#fff ## a #1 #endless"},
		{name: "braces", dialect: mapping.MockIntegration, text: "${context.stage}s", want: "devs"},
		{name: "a parameter", dialect: mapping.MockIntegration, text: `{"id":$input.params('id'),"x":"$input.params("none")"}`, want: `{"id":7,"x":""}`},
		{
			name: "a parameter by its place", dialect: mapping.MockIntegration,
			text: "$input.params().path.id $input.params().querystring.page $input.params().header.X-Trace.", want: "7 2 t.",
		},
		{name: "a variable of logs", dialect: mapping.AccessLog, text: "$context.requestId $context.status", want: "id-1 200"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			template, err := mapping.ParseTemplate(test.text, test.dialect)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(template.Append([]byte("> "), known(), "")); got != "> "+test.want {
				t.Errorf("got %q, want %q", got, "> "+test.want)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	template, err := mapping.ParseTemplate("$context.requestId $context.identity.caller $context.integrationLatency", mapping.AccessLog)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(template.Append(nil, known(), "-")), "id-1 - -"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	want := []mapping.Reference{
		{Source: mapping.Context, Name: "requestId"}, {Source: mapping.Context, Name: "identity.caller"}, {Source: mapping.Context, Name: "integrationLatency"},
	}
	if diff := cmp.Diff(want, template.References()); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
}

func TestTemplateRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, says string
		dialect          mapping.Dialect
		offset           int
	}{
		{name: "a typo in a variable", text: "a $context.error.mesage", offset: 2, says: `$context.error.mesage is no context variable, did you mean "error.message"?`},
		{name: "a typo in the root", text: "$contxt.stage", says: `$contxt.stage is not known, did you mean "context"?`},
		{name: "a variable of logs", text: "$context.integrationLatency", says: "is for access logs only"},
		{name: "a method", text: "$context.stage.toUpperCase()", says: "$context.stage.toUpperCase is no context variable"},
		{name: "a call", text: "x$context.error.message(1)", offset: 1, says: "calls a method"},
		{name: "an element", text: "$stageVariables.a['b']", says: "takes an element"},
		{name: "a directive", text: "ab #if($context.stage)x#end", offset: 3, says: "#if is a directive of the Velocity Template Language"},
		{name: "a directive in braces", text: "#{else}", says: "#else is a directive"},
		{name: "input in a gateway response", text: "$input.params('id')", says: "a gateway response has no $input"},
		{name: "util", text: "$util.escapeJavaScript($context.stage)", says: "$util.escapeJavaScript is not known"},
		{name: "braces in a gateway response", text: "${context.stage}", says: "write $context.stage without braces"},
		{name: "a quiet reference", text: "$!context.stage", says: "quiet reference"},
		{name: "braces that stay open", dialect: mapping.MockIntegration, text: "${context.stage", says: "not closed"},
		{name: "any name for Velocity", dialect: mapping.MockIntegration, text: "$price", says: "$price is not known"},
		{name: "a comment for Velocity", dialect: mapping.MockIntegration, text: "a ## b", offset: 2, says: "## is a directive"},
		{name: "an escape", dialect: mapping.MockIntegration, text: `a\$context.stage`, offset: 1, says: "Velocity's escape"},
		{name: "the body", dialect: mapping.MockIntegration, text: "$input.json('$')", says: "$input.json is not built"},
		{name: "all parameters", dialect: mapping.MockIntegration, text: "$input.params()", says: "$input.params must be"},
		{name: "a stage variable in a log", dialect: mapping.AccessLog, text: "$stageVariables.table", says: "an access log has $context variables only"},
		{name: "no variable of a log", dialect: mapping.AccessLog, text: "$contxt.stage", says: `did you mean "context"?; an access log has $context.NAME`},
		{name: "input in a log", dialect: mapping.AccessLog, text: "$input.params('id')", says: "an access log has no $input"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := mapping.ParseTemplate(test.text, test.dialect)
			refused, ok := errors.AsType[*mapping.Error](err)
			if !ok {
				t.Fatalf("got error %v", err)
			}
			if refused.Offset != test.offset || !strings.Contains(refused.Message, test.says) {
				t.Errorf("got %d: %s, want %d: %s", refused.Offset, refused.Message, test.offset, test.says)
			}
		})
	}
}

func TestExpression(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, want string
		absent     bool
	}{
		{text: "'*'", want: "*"},
		{text: "''"},
		{text: "'it's'", want: "it's"},
		{text: "method.request.header.X-Trace", want: "t"},
		{text: "method.request.querystring.page", want: "2"},
		{text: "method.request.path.id", want: "7"},
		{text: "method.request.path.none", absent: true},
		{text: "context.error.messageString", want: `"Unauthorized"`},
		{text: "context.authorizer.my-key", want: "mine"},
		{text: "stageVariables.table", want: "pets"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			e, err := mapping.ParseExpression(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := e.Value(known()); got != test.want || ok == test.absent {
				t.Errorf("got %q %t, want %q", got, ok, test.want)
			}
		})
	}
}

func TestExpressionRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, says string }{
		{text: "*", says: `"'*'"`},
		{text: "https://app.example", says: `"'https://app.example'"`},
		{text: "'*", says: "ends with a single quote"},
		{text: "'", says: "ends with a single quote"},
		{text: "", says: "single quotes"},
		{text: "$context.stage", says: "write context.stage"},
		{text: "context.stge", says: `did you mean "stage"?`},
		{text: "contex.stage", says: `did you mean "context"?`},
		{text: "context.stage x", says: "is no context variable"},
		{text: "method.request.body.a", says: "method.request.header.NAME"},
		{text: "method.request.header.", says: "needs a name"},
		{text: "integration.response.header.X", says: "method.request.header.NAME"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			_, err := mapping.ParseExpression(test.text)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

// FuzzTemplate holds that no text makes the parser panic, that an error points into the text, and that what is parsed comes out
// again when each variable stands for its own name.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		`{"message":$context.error.messageString}`, "$context.authorizer.a-b.", "${context.stage}", "$input.params('id')$input.params().path.id",
		"#if(1)", "$!x", `\$context.stage`, "$", "#", "${", "$context", "$context.", "$stageVariables.a['b']", "$5 ##",
	} {
		f.Add(seed, 0)
		f.Add(seed, 1)
	}
	f.Fuzz(func(t *testing.T, text string, dialect int) {
		template, err := mapping.ParseTemplate(text, mapping.Dialect(uint(dialect)%3))
		if err != nil {
			refused, ok := errors.AsType[*mapping.Error](err)
			if !ok || refused.Offset < 0 || refused.Offset >= len(text) {
				t.Fatalf("%#v is no error about %q", err, text)
			}
			return
		}
		if strings.ContainsAny(text, "{(") {
			return // a reference may be written in several ways
		}
		if got := string(template.Append(nil, names{}, "")); got != text {
			t.Fatalf("%q came out as %q", text, got)
		}
	})
}

// names answers each reference with what it looks like.
type names struct{}

func (names) Value(r mapping.Reference) (string, bool) {
	if r.Source == mapping.StageVariable {
		return "$stageVariables." + r.Name, true
	}
	return "$context." + r.Name, true
}

func FuzzExpression(f *testing.F) {
	for _, seed := range []string{"'*'", "*", "method.request.header.X", "context.stage", "stageVariables.a", "$context.a", "'", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := mapping.ParseExpression(text)
		if err != nil {
			return
		}
		if value, ok := e.Value(values{}); ok && "'"+value+"'" != text {
			t.Fatalf("%q has the value %q", text, value)
		}
	})
}

func BenchmarkTemplate(b *testing.B) {
	template, err := mapping.ParseTemplate(`{"message":$context.error.messageString,"id":"$context.requestId"}`, mapping.GatewayResponse)
	if err != nil {
		b.Fatal(err)
	}
	known, buffer := known(), make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		buffer = template.Append(buffer[:0], known, "")
	}
}
