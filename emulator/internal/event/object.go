package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Field is a member of a JSON object, its value as written.
type Field struct {
	Name  string
	Value json.RawMessage
}

// Object reads a JSON object whose names count exactly as they are written: encoding/json would take a name in another
// case for a struct's field. A name that occurs twice has its last value. Nothing may follow the object.
func Object(data []byte) ([]Field, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	start, err := decoder.Token()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the answer is empty, not a JSON object")
	} else if err != nil {
		return nil, fmt.Errorf("the answer is not JSON: %w", err)
	}
	if start != json.Delim('{') {
		return nil, fmt.Errorf("the answer is %s, not a JSON object", Describe(data))
	}
	var fields []Field
	index := map[string]int{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("the answer is not JSON: %w", err)
		}
		name, _ := token.(string) // within an object the decoder gives only text for a name
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("the answer is not JSON: %w", err)
		}
		field := Field{name, value}
		if at, again := index[field.Name]; again {
			fields[at] = field
			continue
		}
		index[field.Name] = len(fields)
		fields = append(fields, field)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("the answer is not JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return fields, nil
}

// Describe names the JSON type of a value: "a number".
func Describe(value json.RawMessage) string {
	value = bytes.TrimSpace(value)
	if len(value) == 0 {
		return "nothing"
	}
	switch value[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "text"
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	}
	return "a number"
}

// Scalar returns the text of a JSON string, and of a number or boolean as it is written: the service binds them to Java
// strings (rest-authorizer 5.13, 5.15). Null, objects and lists have no text.
func Scalar(value json.RawMessage) (text string, ok bool) {
	value = bytes.TrimSpace(value)
	if len(value) == 0 {
		return "", false
	}
	switch value[0] {
	case '{', '[', 'n':
		return "", false
	case '"':
		return text, json.Unmarshal(value, &text) == nil
	}
	return string(value), true
}

// IsNull reports whether a value is absent or null.
func IsNull(value json.RawMessage) bool {
	value = bytes.TrimSpace(value)
	return len(value) == 0 || string(value) == "null"
}
