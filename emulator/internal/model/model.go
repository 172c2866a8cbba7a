package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"gatewayd/emulator/apigw"
)

// Model is a compiled model. It may be used by several requests at once.
type Model struct {
	name   string
	schema *jsonschema.Schema
}

// Problem is a model that cannot be used, and where in it.
type Problem struct {
	Model   string
	Pointer []string // the keys and indexes that lead to the place
	Message string
}

// Compile compiles the models of an API whose defaults are set, and the two that every API has.
func Compile(api *apigw.API) (map[string]*Model, []Problem) {
	c := compiler{base: apigw.ModelURL(api.ID, ""), names: api.ModelNames(), documents: map[string]any{}}
	c.compiler = jsonschema.NewCompiler()
	c.compiler.DefaultDraft(jsonschema.Draft4) // rest-gateway 7.4
	c.compiler.UseRegexpEngine(compilePattern)
	c.compiler.UseLoader(noLoader{})
	models := map[string]*Model{}
	for _, m := range api.AllModels() {
		c.add(m)
	}
	for _, m := range api.AllModels() {
		if schema := c.compile(m.Name); schema != nil {
			models[m.Name] = &Model{m.Name, schema}
		}
	}
	return models, c.problems
}

// compiler compiles the models of one API, which may refer to each other.
type compiler struct {
	compiler  *jsonschema.Compiler
	base      string // of the URLs of the models
	names     []string
	documents map[string]any
	problems  []Problem
}

func (c *compiler) report(model string, pointer []string, format string, args ...any) {
	c.problems = append(c.problems, Problem{model, pointer, fmt.Sprintf(format, args...)})
}

// add reads a model and holds its references.
func (c *compiler) add(m apigw.Model) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(m.Schema))
	if err != nil {
		c.report(m.Name, nil, "not JSON: %v", err)
		return
	}
	object, ok := document.(map[string]any)
	if !ok {
		c.report(m.Name, nil, "a model is an object, a JSON Schema of draft 4")
		return
	}
	if pointer, number := unbounded(document, nil); number != "" {
		c.report(m.Name, pointer, "%s", tooLarge(number))
		return
	}
	// Whatever a model says that it is, API Gateway reads draft 4.
	delete(object, "$schema")
	c.checkReferences(m.Name, object, object, nil)
	if err := c.compiler.AddResource(c.base+m.Name, document); err != nil {
		c.report(m.Name, nil, "%v", err)
		return
	}
	c.documents[m.Name] = document
}

// compile returns nil for a model with a problem. One that refers to such a model has none of its own.
func (c *compiler) compile(name string) *jsonschema.Schema {
	if c.documents[name] == nil {
		return nil
	}
	schema, err := c.compiler.Compile(c.base + name)
	if err == nil {
		return schema
	}
	if invalid, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		if invalid.URL == c.base+name || invalid.URL == c.base+name+"#" {
			c.reportInvalid(name, invalid)
		}
		return nil
	}
	if len(c.problems) == 0 { // else it is what another problem leads to
		c.report(name, nil, "%v", err)
	}
	return nil
}

// reportInvalid reports what in a model is not JSON Schema.
func (c *compiler) reportInvalid(name string, invalid *jsonschema.SchemaValidationError) {
	cause, ok := errors.AsType[*jsonschema.ValidationError](invalid.Err)
	if !ok {
		c.report(name, nil, "%v", invalid.Err)
		return
	}
	for _, f := range leaves(cause) {
		if value, ok := valueAt(c.documents[name], f.pointer).(string); ok && f.pointer[len(f.pointer)-1] == "type" {
			f.message = fmt.Sprintf("%q is no type%s", value, suggestType(value))
		}
		c.report(name, f.pointer, "not JSON Schema of draft 4: %s", f.message)
	}
}

func suggestType(text string) string {
	types := []string{"array", "boolean", "integer", "null", "number", "object", "string"}
	if suggestion := apigw.Suggest(text, types); suggestion != "" {
		return suggestion
	}
	return "; there are " + strings.Join(types, ", ")
}

var errNotLoaded = errors.New("not a model of this API")

// noLoader loads nothing: models refer to models of their own API only.
type noLoader struct{}

func (noLoader) Load(string) (any, error) { return nil, errNotLoaded }

// maxDepth is how deep a body may be nested: API Gateway refuses those that are deeper (rest-gateway 7.5).
const maxDepth = 1000

// ErrEndless is a schema that applies itself to the same value, which no body can be held against (rest-gateway 7.5).
var ErrEndless = errors.New("the model applies itself to the same value again and again")

// Validate returns nil for a body that fits the model, an [*Error] for one that does not, and [ErrEndless].
func (m *Model) Validate(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return &Error{Model: m.name, Faults: []Fault{{Message: "the body is empty"}}}
	}
	if depth(body) > maxDepth {
		return &Error{Model: m.name, Faults: []Fault{{Message: fmt.Sprintf("the body is nested deeper than %d levels", maxDepth)}}}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return &Error{Model: m.name, Faults: []Fault{{Message: "the body is not JSON: " + describe(err)}}}
	}
	if pointer, number := unbounded(value, nil); number != "" {
		return &Error{Model: m.name, Faults: []Fault{{Pointer: pointerText(pointer), Message: tooLarge(number)}}, Unbounded: true}
	}
	err = m.schema.Validate(value)
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return fmt.Errorf("%w: %w", ErrEndless, err)
	}
	if endless(invalid) {
		return ErrEndless
	}
	e := &Error{Model: m.name}
	for _, f := range leaves(invalid) {
		e.Faults = append(e.Faults, Fault{pointerText(f.pointer), f.message, f.said})
	}
	return e
}

// describe is a syntax error with its place.
func describe(err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("byte %d: %v", syntax.Offset, syntax)
	}
	return err.Error()
}

// depth is how deep objects and lists are nested in a text, which need not be JSON.
func depth(text []byte) int {
	deepest, open, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			open++
			deepest = max(deepest, open)
		case c == '}' || c == ']':
			open--
		}
	}
	return deepest
}
