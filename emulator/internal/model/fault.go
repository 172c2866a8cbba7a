package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Error is a body that does not fit its model.
type Error struct {
	Model  string
	Faults []Fault // not empty
	// Unbounded is true when a number is too long or too large to be compared, of which AWS says nothing.
	Unbounded bool
}

// Fault is one thing that is wrong with a body.
type Fault struct {
	Pointer string // a JSON pointer into the body, "" for the whole
	Message string // for a person; it repeats no value of the body

	said string // to the client, "" for the message
}

// Error lists the faults with their places.
func (e *Error) Error() string {
	texts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		texts[i] = f.Message
		if f.Pointer != "" {
			texts[i] = f.Pointer + ": " + f.Message
		}
	}
	return strings.Join(texts, "; ")
}

// ValidationErrorString is $context.error.validationErrorString: the faults in brackets. The texts for properties that are missing
// or not allowed are as they were seen on AWS, the others are gatewayd's own (rest-gateway 5.6).
func (e *Error) ValidationErrorString() string {
	texts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		if texts[i] = f.said; f.said == "" {
			texts[i] = f.Message
		}
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// found is a fault before its place is text.
type found struct {
	pointer       []string
	message, said string
}

// leaves are the faults at the ends of the library's tree, in the order of their places.
func leaves(e *jsonschema.ValidationError) []found {
	var all []found
	collect(e, &all)
	slices.SortStableFunc(all, func(a, b found) int { return slices.Compare(a.pointer, b.pointer) })
	return all
}

func collect(e *jsonschema.ValidationError, all *[]found) {
	switch k := e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		// What is wrong for one of the choices need not be what is wrong.
		*all = append(*all, found{e.InstanceLocation, choice(e), ""})
		return
	case *kind.Required:
		missing := slices.Sorted(slices.Values(k.Missing))
		*all = append(*all, found{e.InstanceLocation, "misses " + list(missing), "object has missing required properties (" + list(missing) + ")"})
		return
	case *kind.AdditionalProperties:
		names := slices.Sorted(slices.Values(k.Properties))
		*all = append(*all, found{
			e.InstanceLocation, "has " + list(names) + ", which the model does not allow",
			"object instance has properties which are not allowed by the schema: " + list(names),
		})
		return
	}
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			collect(cause, all)
		}
		return
	}
	*all = append(*all, found{e.InstanceLocation, explain(e), ""})
}

// choice says how often a value fits of what it should fit once.
func choice(e *jsonschema.ValidationError) string {
	if one, ok := e.ErrorKind.(*kind.OneOf); ok && len(one.Subschemas) > 1 {
		return fmt.Sprintf("fits %d schemas of oneOf, and must fit exactly one", len(one.Subschemas))
	}
	if _, ok := e.ErrorKind.(*kind.AnyOf); ok {
		return "fits no schema of anyOf"
	}
	return "fits no schema of oneOf"
}

// explain says what is wrong with a value without repeating it: it may be a secret.
func explain(e *jsonschema.ValidationError) string {
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return fmt.Sprintf("is %s, not %s", k.Got, strings.Join(k.Want, " or "))
	case *kind.Enum:
		return "is not one of " + values(k.Want)
	case *kind.Format:
		if k.Want == "regex" {
			return "is no regular expression"
		}
		return "is no " + k.Want
	case *kind.Pattern:
		return fmt.Sprintf("does not match %q", k.Want)
	case *kind.Not:
		return "fits the schema of not"
	}
	return e.DetailedOutput().Error.String()
}

// list writes names as JSON.
func list(names []string) string {
	text, err := json.Marshal(names)
	if err != nil {
		return fmt.Sprint(names) // texts always encode
	}
	return string(text)
}

func values(all []any) string {
	text, err := json.Marshal(all)
	if err != nil {
		return fmt.Sprint(all)
	}
	return string(text)
}

// endless reports whether a schema came back to itself without going deeper into the value.
func endless(e *jsonschema.ValidationError) bool {
	if _, ok := e.ErrorKind.(*kind.RefCycle); ok {
		return true
	}
	return slices.ContainsFunc(e.Causes, endless)
}

// pointerText writes a JSON pointer (RFC 6901).
func pointerText(tokens []string) string {
	var b strings.Builder
	for _, token := range tokens {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(token))
	}
	return b.String()
}
