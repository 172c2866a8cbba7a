package authorizer

import (
	"bytes"
	"errors"
	"slices"

	"gatewayd/emulator/internal/event"
)

// Mock reads what events are to have as requestContext.authorizer while authorizers are disabled. The text is that object, or
// an authorizer's whole answer, whose policy then has no say. Its values are bound as an authorizer's are: numbers and
// booleans become text, an object or a list is an error (rest-authorizer 5.13 to 5.15).
func Mock(text []byte) (*Result, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	fields, err := event.Object(text)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	if !isAnswer(fields) {
		if refusal := r.readContext(text); refusal != nil {
			return nil, errors.New(refusal.Reason)
		}
		fields = slices.DeleteFunc(fields, func(f event.Field) bool { return f.Name != "principalId" })
	}
	for _, f := range fields {
		refusal, known := r.readField(f)
		if !known && f.Name != "policyDocument" {
			refusal = unknownField(f.Name)
		}
		if refusal != nil {
			return nil, errors.New(refusal.Reason)
		}
	}
	r.values = r.boxed()
	return r, nil
}

// isAnswer tells an authorizer's answer from requestContext.authorizer, which can hold neither of these.
func isAnswer(fields []event.Field) bool {
	return slices.ContainsFunc(fields, func(f event.Field) bool {
		return f.Name == "policyDocument" || f.Name == "context" && f.Value[0] == '{'
	})
}
