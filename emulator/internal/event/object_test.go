package event_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/event"
)

// members are an object's as NAME=VALUE.
func members(fields []event.Field) []string {
	var out []string
	for _, f := range fields {
		out = append(out, fmt.Sprintf("%s=%s", f.Name, f.Value))
	}
	return out
}

func TestObject(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	tests := []struct {
		name, text string
		want       []string
	}{
		{name: "empty", text: `{}`},
		{name: "space around", text: " \n{ \"a\" : 1 }\t\r\n", want: []string{"a=1"}},
		{name: "values as written", text: `{"n":1e3,"z":-0.0,"s":"\u0061","o":{"x": 1},"l":[ ],"t":true,"u":null}`, want: []string{"n=1e3", "z=-0.0", `s="\u0061"`, `o={"x": 1}`, "l=[ ]", "t=true", "u=null"}},
		{name: "a name again has its last value, in its first place", text: `{"a":1,"b":2,"a":3}`, want: []string{"a=3", "b=2"}},
		{name: "a name again in another way of writing", text: `{"a":1,"\u0061":3}`, want: []string{"a=3"}},
		{name: "case counts", text: `{"a":1,"A":2}`, want: []string{"a=1", "A=2"}},
		{name: "a name that is empty", text: `{"":1}`, want: []string{"=1"}},
		{name: "names with dots and slashes", text: `{"a.b/c":1}`, want: []string{"a.b/c=1"}},
		{name: "a number that fits nowhere", text: `{"n":123456789012345678901234567890e999999}`, want: []string{"n=123456789012345678901234567890e999999"}},
		{name: "deep", text: `{"d":` + deep + `}`, want: []string{"d=" + deep}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := event.Object([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, members(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestObjectRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{name: "nothing", text: "", want: "the answer is empty, not a JSON object"},
		{name: "space", text: " \n", want: "the answer is empty, not a JSON object"},
		{name: "null", text: "null", want: "the answer is null, not a JSON object"},
		{name: "a list", text: ` [{"a":1}]`, want: "the answer is a list, not a JSON object"},
		{name: "text", text: `"{}"`, want: "the answer is text, not a JSON object"},
		{name: "a number", text: `-1`, want: "the answer is a number, not a JSON object"},
		{name: "true", text: `true`, want: "the answer is a boolean, not a JSON object"},
		{name: "false", text: `false`, want: "the answer is a boolean, not a JSON object"},
		{name: "a second object", text: `{} {}`, want: "something follows the JSON object"},
		{name: "text behind", text: `{}x`, want: "something follows the JSON object"},
		{name: "a NUL behind", text: "{}\x00", want: "something follows the JSON object"},
		{name: "no JSON", text: `<html>`, want: "the answer is not JSON: "},
		{name: "cut off", text: `{`, want: "the answer is not JSON: "},
		{name: "cut off after a name", text: `{"a"`, want: "the answer is not JSON: "},
		{name: "cut off after a colon", text: `{"a":`, want: "the answer is not JSON: "},
		{name: "cut off after a value", text: `{"a":1`, want: "the answer is not JSON: "},
		{name: "a comma too many", text: `{"a":1,}`, want: "the answer is not JSON: "},
		{name: "a comma too few", text: `{"a":1 "b":2}`, want: "the answer is not JSON: "},
		{name: "a comma first", text: `{,"a":1}`, want: "the answer is not JSON: "},
		{name: "no colon", text: `{"a" 1}`, want: "the answer is not JSON: "},
		{name: "a name that is no text", text: `{1:2}`, want: "the answer is not JSON: "},
		{name: "another bracket", text: `{"a":1]`, want: "the answer is not JSON: "},
		{name: "a bare word", text: `{"a":NaN}`, want: "the answer is not JSON: "},
		{name: "a byte order mark", text: "\ufeff{}", want: "the answer is not JSON: "},
		{name: "too deep", text: `{"d":` + strings.Repeat("[", 10001) + strings.Repeat("]", 10001) + `}`, want: "the answer is not JSON: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := event.Object([]byte(tt.text))
			if err == nil {
				t.Fatalf("read as %q", members(got))
			}
			if !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %q, want %q", err, tt.want)
			}
		})
	}
}

// Object takes what encoding/json takes for an object, and finds the same members.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1,"A":2}`, `{"a":1,"a":2}`, `{"a":{"b":[1,2,{}]},"c":null}`, `{} {}`, `{"a":1,}`, `[]`, `null`, "", "{\"\xff\":1}", `{"a" 1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fields, err := event.Object(data)
		var want map[string]json.RawMessage
		isObject := json.Unmarshal(data, &want) == nil && want != nil
		if isObject != (err == nil) {
			t.Fatalf("Object says %v, encoding/json %t", err, isObject)
		}
		if err != nil {
			return
		}
		if len(fields) != len(want) {
			t.Fatalf("%d members, want %d", len(fields), len(want))
		}
		for _, field := range fields {
			if string(field.Value) != string(want[field.Name]) {
				t.Errorf("%q is %s, want %s", field.Name, field.Value, want[field.Name])
			}
		}
	})
}

func TestScalar(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value, want string
		ok          bool
	}{
		{value: `"text"`, want: "text", ok: true},
		{value: ` "sp ace" `, want: "sp ace", ok: true},
		{value: `"\u00e9\n\"\ud83d\ude00"`, want: "é\n\"😀", ok: true},
		{value: `"\ud800"`, want: "\ufffd", ok: true},
		{value: `""`, want: "", ok: true},
		{value: `123`, want: "123", ok: true},
		{value: `1.50`, want: "1.50", ok: true},
		{value: `1e3`, want: "1e3", ok: true},
		{value: `-0`, want: "-0", ok: true},
		{value: `9007199254740993`, want: "9007199254740993", ok: true},
		{value: `true`, want: "true", ok: true},
		{value: `false`, want: "false", ok: true},
		{value: `null`},
		{value: `{}`},
		{value: `[]`},
		{value: ``},
		{value: ` `},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			t.Parallel()
			if got, ok := event.Scalar(json.RawMessage(tt.value)); got != tt.want || ok != tt.ok {
				t.Errorf("got %q, %t; want %q, %t", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestIsNull(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{``: true, ` `: true, `null`: true, " null\n": true, `"null"`: false, `0`: false, `""`: false, `{}`: false, `false`: false} {
		if got := event.IsNull(json.RawMessage(value)); got != want {
			t.Errorf("IsNull(%q) = %t, want %t", value, got, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		``: "nothing", ` {}`: "an object", `[1]`: "a list", `"a"`: "text", `null`: "null", `true`: "a boolean", `false`: "a boolean", `-1e3`: "a number",
	} {
		if got := event.Describe(json.RawMessage(value)); got != want {
			t.Errorf("Describe(%q) = %q, want %q", value, got, want)
		}
	}
}
