package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Field is a member of a JSON object, its value as written.
type Field struct {
	Name  string
	Value json.RawMessage
}

// Object reads a JSON object whose names count exactly as they are written: encoding/json would take a name in another
// case for a struct's field. A name that occurs twice has its last value. Nothing may follow the object.
func Object(data []byte) ([]Field, error) {
	trimmed := bytes.TrimLeft(data, jsonSpace)
	if len(trimmed) == 0 || trimmed[0] != '{' || !json.Valid(data) {
		return nil, notAnObject(data)
	}
	rest := trimmed[1:]
	const usual = 5
	fields := make([]Field, 0, usual)
	var index map[string]int // of many fields
	for {
		rest = bytes.TrimLeft(rest, jsonSpace+",")
		if rest[0] == '}' {
			return fields, nil
		}
		end := valueEnd(rest)
		name, _ := Scalar(rest[:end])
		rest = bytes.TrimLeft(rest[end:], jsonSpace+":")
		end = valueEnd(rest)
		field := Field{name, json.RawMessage(rest[:end:end])}
		rest = rest[end:]
		var at int
		if at, index = find(fields, name, index); at < 0 {
			fields = append(fields, field)
		} else {
			fields[at] = field
		}
	}
}

const jsonSpace = " \t\r\n"

// find returns the place of a field, -1 when there is none, and the index of the fields, which only many are worth.
func find(fields []Field, name string, index map[string]int) (at int, _ map[string]int) {
	const few = 16
	if len(fields) <= few {
		return slices.IndexFunc(fields, func(f Field) bool { return f.Name == name }), nil
	}
	if index == nil {
		index = make(map[string]int, len(fields))
	}
	for i := len(index); i < len(fields); i++ {
		index[fields[i].Name] = i
	}
	if at, ok := index[name]; ok {
		return at, index
	}
	return -1, index
}

// valueEnd is where the value ends that valid JSON begins with.
func valueEnd(data []byte) int {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			for i++; data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 { // the number or word before it is the object's last
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return len(data)
}

// notAnObject says why there is no object.
func notAnObject(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	var value json.RawMessage
	switch err := decoder.Decode(&value); {
	case errors.Is(err, io.EOF):
		return errors.New("the answer is empty, not a JSON object")
	case err != nil:
		return fmt.Errorf("the answer is not JSON: %w", err)
	case value[0] != '{':
		return fmt.Errorf("the answer is %s, not a JSON object", Describe(value))
	}
	return errors.New("something follows the JSON object")
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
		if isPlainText(value) {
			return string(value[1 : len(value)-1]), true
		}
		return text, json.Unmarshal(value, &text) == nil
	}
	return string(value), true
}

// isPlainText reports whether a JSON string stands for what is between its quotes.
func isPlainText(value []byte) bool {
	last := len(value) - 1
	if last < 1 || value[last] != '"' {
		return false
	}
	for _, b := range value[1:last] {
		if b < ' ' || b == '"' || b == '\\' || b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// IsNull reports whether a value is absent or null.
func IsNull(value json.RawMessage) bool {
	value = bytes.TrimSpace(value)
	return len(value) == 0 || string(value) == "null"
}
