package model_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/model"
)

// api is an API with models by name, in the order of their names and schemas.
func api(pairs ...string) *apigw.API {
	a := &apigw.API{ID: "a1b2c3d4e5"}
	for i := 0; i+1 < len(pairs); i += 2 {
		a.Models = append(a.Models, apigw.Model{Name: pairs[i], Schema: json.RawMessage(pairs[i+1])})
	}
	return a
}

func compile(t testing.TB, a *apigw.API) map[string]*model.Model {
	t.Helper()
	models, problems := model.Compile(a)
	for _, p := range problems {
		t.Fatalf("model %s %v: %s", p.Model, p.Pointer, p.Message)
	}
	return models
}

const pet = `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","required":["type","age"],"additionalProperties":false,
"properties":{"type":{"type":"string","enum":["dog","cat"]},"age":{"type":"integer","minimum":0,"exclusiveMinimum":true},
"tags":{"type":"array","maxItems":2,"uniqueItems":true,"items":{"type":"string","maxLength":3,"pattern":"^[a-z]+$"}},
"mail":{"type":"string","format":"email"},"password":{"type":"string","pattern":"^(?=.*[0-9]).+$"},
"chip":{"oneOf":[{"type":"null"},{"type":"string"}]},"legs":{"anyOf":[{"type":"integer"},{"type":"null"}]},"not":{"not":{"type":"string"}}}}`

func TestValidate(t *testing.T) {
	t.Parallel()
	m := compile(t, api("Pet", pet))["Pet"]
	tests := []struct{ name, body, want, says string }{
		{name: "fits", body: `{"type":"dog","age":1,"tags":["a","b"],"mail":"a@b.c","password":"x1","chip":null,"legs":4}`},
		{name: "a number that is whole", body: `{"type":"dog","age":1.0}`},
		{
			name: "properties missing", body: `{}`, want: `misses ["age","type"]`,
			says: `[object has missing required properties (["age","type"])]`,
		},
		{
			name: "missing, and one too many", body: `{"type":"dog","foo":1}`,
			want: `misses ["age"]; has ["foo"], which the model does not allow`,
			says: `[object has missing required properties (["age"]), object instance has properties which are not allowed by the schema: ["foo"]]`,
		},
		{name: "types", body: `{"type":"dog","age":"7","tags":[1]}`, want: `/age: is string, not integer; /tags/0: is number, not string`},
		{name: "an enumeration", body: `{"type":"secret","age":1}`, want: `/type: is not one of ["dog","cat"]`},
		{name: "a bound of draft 4", body: `{"type":"dog","age":0}`, want: `/age: exclusiveMinimum: got 0, want 0`},
		{name: "lists", body: `{"type":"dog","age":1,"tags":["ab","ab","abcd"]}`},
		{name: "a pattern", body: `{"type":"dog","age":1,"tags":["A"]}`, want: `/tags/0: does not match "^[a-z]+$"`},
		{name: "a pattern with look-ahead", body: `{"type":"dog","age":1,"password":"x"}`, want: `/password: does not match "^(?=.*[0-9]).+$"`},
		{name: "a format", body: `{"type":"dog","age":1,"mail":"nobody"}`, want: `/mail: is no email`},
		{name: "oneOf", body: `{"type":"dog","age":1,"chip":1}`, want: `/chip: fits no schema of oneOf`},
		{name: "anyOf", body: `{"type":"dog","age":1,"legs":"x"}`, want: `/legs: fits no schema of anyOf`},
		{name: "not", body: `{"type":"dog","age":1,"not":"x"}`, want: `/not: fits the schema of not`},
		{name: "a list", body: `[]`, want: `is array, not object`},
		{name: "empty", body: ` `, want: `the body is empty`, says: `[the body is empty]`},
		{name: "not JSON", body: `{"type":}`, want: `the body is not JSON: byte 9: invalid character '}' looking for beginning of value`},
		{name: "more than JSON", body: `{} {}`, want: `the body is not JSON: invalid character after top-level value`},
		{name: "deep", body: strings.Repeat("[", 1001) + strings.Repeat("]", 1001), want: `the body is nested deeper than 1000 levels`},
		{name: "a large number", body: `{"type":"dog","age":1e1000}`},
		{name: "an endless number", body: `{"type":"dog","age":1E999999999}`, want: `/age: 1E999999999 has more than 1000 digits, or an exponent beyond 1000, and is not compared`},
		{
			name: "a number next to nothing", body: `{"type":"dog","age":1,"tags":[1e-99999999999999999999999999999999]}`,
			want: `/tags/0: 1e-99999999999999999999999999999… has more than 1000 digits, or an exponent beyond 1000, and is not compared`,
		},
		{
			name: "a number of many digits", body: `{"type":"dog","age":` + strings.Repeat("9", 1001) + `}`,
			want: `/age: ` + strings.Repeat("9", 32) + `… has more than 1000 digits, or an exponent beyond 1000, and is not compared`,
		},
		{name: "brackets in a text", body: `{"type":"` + strings.Repeat(`[\"`, 1001) + `","age":1}`, want: `/type: is not one of ["dog","cat"]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := m.Validate([]byte(test.body))
			if test.name == "lists" {
				if err == nil || !strings.Contains(err.Error(), "/tags: maxItems") || !strings.Contains(err.Error(), "/tags/2: maxLength") {
					t.Errorf("got %v", err)
				}
				return
			}
			if test.want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			invalid, ok := errors.AsType[*model.Error](err)
			if !ok || invalid.Error() != test.want || invalid.Model != "Pet" {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			if got := invalid.ValidationErrorString(); test.says != "" && got != test.says {
				t.Errorf("got %s, want %s", got, test.says)
			}
			if strings.Contains(invalid.Error(), "secret") {
				t.Errorf("%v repeats a value", invalid)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	const house = `https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/House`
	const person = `https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/Person`
	models := compile(t, api(
		"House", `{"type":"object","properties":{"owner":{"$ref":"`+person+`"}},"required":["owner"]}`,
		"Person", `{"type":"object","properties":{"name":{"$ref":"#/definitions/name"},"house":{"$ref":"`+house+`"}},"required":["name"],"definitions":{"name":{"type":"string"}}}`,
		"Endless", `{"allOf":[{"$ref":"#"}]}`,
		"There", `{"$ref":"https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/Back"}`,
		"Back", `{"$ref":"https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/There"}`,
	))
	tests := []struct{ model, body, want string }{
		{model: "Person", body: `{"name":"a","house":{"owner":{"name":"b"}}}`},
		{model: "Person", body: `{"name":"a","house":{"owner":{"name":1}}}`, want: "/house/owner/name: is number, not string"},
		{model: "Endless", body: `{}`, want: model.ErrEndless.Error()},
		{model: "There", body: `{}`, want: model.ErrEndless.Error()},
		{model: "Empty", body: `{"any":1}`},
		{model: "Error", body: `{"message":1}`, want: "/message: is number, not string"},
	}
	for _, test := range tests {
		err := models[test.model].Validate([]byte(test.body))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s %s: got %q, want %q", test.model, test.body, got, test.want)
		}
	}
}

func TestCompileRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, schema, pointer, says string }{
		{name: "not an object", schema: `[]`, says: "a model is an object"},
		{name: "no such type", schema: `{"properties":{"a":{"type":"strin"}}}`, pointer: "properties/a/type", says: "not JSON Schema of draft 4"},
		{name: "a bound of later drafts", schema: `{"properties":{"a":{"minimum":0,"exclusiveMinimum":5}}}`, pointer: "properties/a/exclusiveMinimum", says: "is number, not boolean"},
		{name: "a pattern", schema: `{"properties":{"a":{"pattern":"("}}}`, pointer: "properties/a/pattern", says: "is no regular expression"},
		{name: "a reference to nothing", schema: `{"properties":{"a":{"$ref":"#/definitions/a"}}}`, pointer: "properties/a/$ref", says: "is not in this model"},
		{name: "a reference to a model as if it were here", schema: `{"items":{"$ref":"#/definitions/Other"}}`, pointer: "items/$ref", says: "the model of that name is https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/Other"},
		{name: "a name alone", schema: `{"items":{"$ref":"Other"}}`, pointer: "items/$ref", says: "must be the model's URL"},
		{name: "a file", schema: `{"items":{"$ref":"file:///etc/passwd"}}`, pointer: "items/$ref", says: "must be # and a place"},
		{name: "another API", schema: `{"items":{"$ref":"https://apigateway.amazonaws.com/restapis/zzz/models/Other"}}`, pointer: "items/$ref", says: "is of another API"},
		{name: "an endless number", schema: `{"properties":{"a":{"minimum":1e999999999}}}`, pointer: "properties/a/minimum", says: "an exponent beyond 1000"},
		{name: "a typo", schema: `{"allOf":[{},{"$ref":"https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/Othre"}]}`, pointer: "allOf/1/$ref", says: `did you mean "Other"?`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, problems := model.Compile(api("Model", test.schema, "Other", `{"$ref":"#/nowhere"}`))
			var got []string
			for _, p := range problems {
				if p.Model == "Model" {
					got = append(got, strings.Join(p.Pointer, "/")+" "+p.Message)
				}
			}
			if len(got) != 1 || !strings.HasPrefix(got[0], test.pointer+" ") || !strings.Contains(got[0], test.says) {
				t.Errorf("got %q, want %s %s", got, test.pointer, test.says)
			}
		})
	}
}

// TestHashOrder holds the four messages of rest-gateway 7.3, and how a HashMap grows.
func TestHashOrder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		names, want []string
	}{
		{name: "a public capture", names: []string{"dividend", "divisor"}, want: []string{"divisor", "dividend"}},
		{name: "another", names: []string{"x-api-key", "x-api-secret"}, want: []string{"x-api-secret", "x-api-key"}},
		{name: "localstack 8b9a79f, two in one bucket", names: []string{"issuer", "qs1", "x-header-param"}, want: []string{"x-header-param", "issuer", "qs1"}},
		{name: "a weather service", names: []string{"pi", "di"}, want: []string{"di", "pi"}},
		{name: "one", names: []string{"q"}, want: []string{"q"}},
		{name: "one in two places", names: []string{"q", "q"}, want: []string{"q"}},
		{name: "none"},
		{
			name:  "13 are too many for 16 buckets",
			names: []string{"m", "l", "k", "j", "i", "h", "g", "f", "e", "d", "c", "b", "a"},
			want:  []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"},
		},
		{
			name:  "12 are not",
			names: []string{"p", "o", "n", "m", "l", "k", "j", "i", "h", "g", "f", "e"},
			want:  []string{"p", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, model.HashOrder(test.names)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// FuzzCompile holds that no schema makes the compiler panic, or load anything.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{pet, `{"$ref":"#"}`, `{"id":"http://x/","$ref":"y"}`, `{"items":[{}]}`, `{"type":[]}`, `[]`, `{"pattern":"("}`, `{"id":1}`, `{"$ref":"#a"}`} {
		f.Add(seed, `{"a":1}`)
	}
	f.Fuzz(func(t *testing.T, schema, body string) {
		models, problems := model.Compile(api("Model", schema))
		if models["Model"] == nil {
			if len(problems) == 0 {
				t.Fatalf("%s has neither a model nor a problem", schema)
			}
			return
		}
		check(t, models["Model"], body)
	})
}

// FuzzValidate holds that no body makes a validation panic, and that what it says can be read.
func FuzzValidate(f *testing.F) {
	for _, seed := range []string{`{}`, `{"type":"dog","age":1}`, `{"tags":[[]]}`, `{"age":1e400}`, "\xff", `{"a":"\ud800"}`, ``, `null`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		models, _ := model.Compile(api("Pet", pet))
		check(t, models["Pet"], body)
	})
}

func check(t *testing.T, m *model.Model, body string) {
	t.Helper()
	err := m.Validate([]byte(body))
	if invalid, ok := errors.AsType[*model.Error](err); ok {
		if said := invalid.ValidationErrorString(); !strings.HasPrefix(said, "[") || len(said) < 3 || invalid.Error() == "" {
			t.Fatalf("%q says %q", body, said)
		}
	} else if err != nil && !errors.Is(err, model.ErrEndless) {
		t.Fatalf("%q is %v", body, err)
	}
}

func BenchmarkCompile(b *testing.B) {
	a := api("Pet", pet)
	b.ReportAllocs()
	for b.Loop() {
		model.Compile(a)
	}
}

func BenchmarkValidate(b *testing.B) {
	m := compile(b, api("Pet", pet))["Pet"]
	for _, bench := range []struct{ name, body string }{
		{"fits", `{"type":"dog","age":1,"tags":["a","b"]}`},
		{"does not", `{"type":"dog","foo":1}`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = m.Validate([]byte(bench.body))
			}
		})
	}
}

func BenchmarkHashOrder(b *testing.B) {
	names := []string{"issuer", "qs1", "x-header-param"}
	b.ReportAllocs()
	for b.Loop() {
		model.HashOrder(names)
	}
}
