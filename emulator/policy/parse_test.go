package policy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/policy"
)

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       policy.SyntaxError
	}{
		{"no text", "", policy.SyntaxError{Msg: "not valid JSON: the end of the text where a value should be"}},
		{"null", "null", policy.SyntaxError{Msg: "null is not allowed; it has to be an object with Version and Statement"}},
		{"not JSON", "Allow", policy.SyntaxError{Msg: "not valid JSON: 'A' where a value should be"}},
		{"trailing data", `{"Statement":[]} {}`, policy.SyntaxError{Offset: 17, Msg: "not valid JSON: '{' after the end of the policy"}},
		{"a trailing comma", `{"Statement":[],}`, policy.SyntaxError{Offset: 16, Msg: "not valid JSON: '}' where a name in double quotes should be"}},
		{"no colon", `{"Statement" []}`, policy.SyntaxError{Path: "Statement", Offset: 13, Msg: `not valid JSON: '[' where ":" should be`}},
		{"no comma in an object", `{"Id":"a" "b"}`, policy.SyntaxError{Offset: 10, Msg: `not valid JSON: '"' where "," or "}" should be`}},
		{"no comma in a list", `{"Statement":[1 2]}`, policy.SyntaxError{Path: "Statement", Offset: 16, Msg: `not valid JSON: '2' where "," or "]" should be`}},
		{"a list that does not end", `{"Statement":[`, policy.SyntaxError{Path: "Statement[0]", Offset: 14, Msg: "not valid JSON: the end of the text where a value should be"}},
		{"a string that does not end", `{"Id":"a`, policy.SyntaxError{Path: "Id", Offset: 8, Msg: "not valid JSON: the end of the text where the end of the string should be"}},
		{"a name that does not end", `{"Id`, policy.SyntaxError{Offset: 4, Msg: "not valid JSON: the end of the text where the end of the string should be"}},
		{"an escaped string that does not end", `{"Id":"\n`, policy.SyntaxError{Path: "Id", Offset: 9, Msg: "not valid JSON: the end of the text where the end of the string should be"}},
		{"a control character", "{\"Id\":\"a\tb\"}", policy.SyntaxError{Path: "Id", Offset: 8, Msg: `not valid JSON: a control character in a string; write it as \u0009`}},
		{"a control character after an escape", "{\"Id\":\"\\n\tb\"}", policy.SyntaxError{Path: "Id", Offset: 9, Msg: `not valid JSON: a control character in a string; write it as \u0009`}},
		{"an unknown escape", `{"Id":"\x"}`, policy.SyntaxError{Path: "Id", Offset: 8, Msg: `not valid JSON: 'x' where one of "\/bfnrtu after a backslash should be`}},
		{"a short escape", `{"Id":"\u12"}`, policy.SyntaxError{Path: "Id", Offset: 11, Msg: `not valid JSON: '"' where four hexadecimal digits should be`}},
		{"not UTF-8", "{\"Id\":\"\xff\"}", policy.SyntaxError{Path: "Id", Offset: 7, Msg: "not valid UTF-8"}},
		{"not UTF-8 after an escape", "{\"Id\":\"\\n\xff\"}", policy.SyntaxError{Path: "Id", Offset: 9, Msg: "not valid UTF-8"}},
		{"a minus alone", `-`, policy.SyntaxError{Offset: 1, Msg: "not valid JSON: the end of the text where a digit should be"}},
		{"a point alone", `1.`, policy.SyntaxError{Offset: 2, Msg: "not valid JSON: the end of the text where a digit should be"}},
		{"an exponent alone", `1e+`, policy.SyntaxError{Offset: 3, Msg: "not valid JSON: the end of the text where a digit should be"}},
		{"a number with a zero before", `01`, policy.SyntaxError{Offset: 1, Msg: "not valid JSON: '1' after the end of the policy"}},
		{"a number", `-1.5E-3`, policy.SyntaxError{Msg: "a number is not allowed; it has to be an object with Version and Statement"}},
		{
			"too deep", strings.Repeat("[", 100),
			policy.SyntaxError{Path: strings.Repeat("[0]", 33), Offset: 33, Msg: "nested more than 32 levels deep"},
		},
		{
			"too long", strings.Repeat(" ", policy.MaxBytes+1),
			policy.SyntaxError{Offset: 1048576, Msg: "the text has 1048577 bytes; allowed are 1048576"},
		},
		{
			"an element twice", `{"Statement":[],"Version":"2012-10-17","Version":"2012-10-17"}`,
			policy.SyntaxError{Path: "Version", Offset: 39, Msg: "the key occurs twice in one object; write it once"},
		},
		{
			"a key twice, once with an escape", `{"Statement":{"Condition":{"Bool":{"aws:x":true,"aws\u003ax":true}}}}`,
			policy.SyntaxError{Path: "Statement.Condition.Bool.aws:x", Offset: 48, Msg: "the key occurs twice in one object; write it once"},
		},
		{
			"strange keys", `{"Statement":{"Condition":{"Bool":{"a.b":null,"":1}}}}`,
			policy.SyntaxError{Path: `Statement.Condition.Bool["a.b"]`, Offset: 41, Msg: "null is not allowed; it has to be a string, a number, a boolean or a list of these"},
		},
		{
			"a statement at the top", `{"Effect":"Allow","Action":"*","Resource":"*"}`,
			policy.SyntaxError{Path: "Effect", Offset: 10, Msg: `Effect belongs into a statement; allowed here are "Version", "Id" and "Statement"`},
		},
		{
			"an element in lower case", `{"statement":[]}`,
			policy.SyntaxError{Path: "statement", Offset: 13, Msg: `unknown element; names are case-sensitive, write "Statement"`},
		},
		{
			"an unknown element", `{"Comment":""}`,
			policy.SyntaxError{Path: "Comment", Offset: 11, Msg: `unknown element; allowed are "Version", "Id" and "Statement"`},
		},
		{
			"no statement", `{"Version":"2012-10-17"}`,
			policy.SyntaxError{Msg: "Statement is missing; a policy is an object with Version and Statement"},
		},
		{
			"another version", `{"Version":"2012-10-18"}`,
			policy.SyntaxError{Path: "Version", Offset: 11, Msg: `"2012-10-18" is not a version; allowed are "2012-10-17" and "2008-10-17"`},
		},
		{
			"an effect in lower case", `{"Statement":[{"Effect":"allow"}]}`,
			policy.SyntaxError{Path: "Statement[0].Effect", Offset: 24, Msg: `"allow" is not an effect; allowed are "Allow" and "Deny", written exactly so`},
		},
		{
			"no effect", `{"Statement":[{"Action":"*","Resource":"*"}]}`,
			policy.SyntaxError{Path: "Statement[0]", Offset: 14, Msg: `Effect is missing; allowed are "Allow" and "Deny"`},
		},
		{
			"no action", `{"Statement":[{"Effect":"Deny","Resource":"*"}]}`,
			policy.SyntaxError{Path: "Statement[0]", Offset: 14, Msg: "Action is missing; a statement has either Action or NotAction"},
		},
		{
			"both resources", `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*","NotResource":"*"}}`,
			policy.SyntaxError{Path: "Statement", Offset: 13, Msg: "Resource and NotResource exclude each other; a statement has one of them"},
		},
		{
			"Condition is null", `{"Statement":{"Condition":null}}`,
			policy.SyntaxError{Path: "Statement.Condition", Offset: 26, Msg: "null is not allowed; it has to be an object of operators; leave Condition out where there is none"},
		},
		{
			"a principal that is a number", `{"Statement":{"Principal":1}}`,
			policy.SyntaxError{
				Path: "Statement.Principal", Offset: 26,
				Msg: `a number is not a principal; allowed are "*" and an object with the keys "AWS", "Federated", "Service" and "CanonicalUser"`,
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse([]byte(test.text))
			var got *policy.SyntaxError
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want a SyntaxError", err)
			}
			if diff := cmp.Diff(test.want, *got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			text := "policy: " + test.want.Msg
			if test.want.Path != "" {
				text = "policy: " + test.want.Path + ": " + test.want.Msg
			}
			if diff := cmp.Diff(text, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseNamesTheOperators(t *testing.T) {
	t.Parallel()
	_, err := policy.Parse([]byte(`{"Statement":{"Condition":{"NullIfExists":{"aws:Referer":"true"}}}}`))
	if err == nil || !strings.Contains(err.Error(), "allowed are StringEquals") {
		t.Errorf("got %v", err)
	}
}

// Objects with many keys are checked with a map instead of by comparing.
func TestParseManyKeys(t *testing.T) {
	t.Parallel()
	keys := make([]string, 40)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"k%d":"v"`, i)
	}
	text := `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{` + strings.Join(keys, ",") + `%s}}}}`
	mustParse(t, fmt.Sprintf(text, ""))
	for _, twice := range []string{"k3", "k39"} {
		_, err := policy.Parse(fmt.Appendf(nil, text, `,"`+twice+`":"w"`))
		var fault *policy.SyntaxError
		if !errors.As(err, &fault) || fault.Path != "Statement.Condition.StringEquals."+twice {
			t.Errorf("%s twice: got %v", twice, err)
		}
	}
}

func TestParseDecodesStrings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"\"\\\/\b\f\n\r\t"`:     "\"\\/\b\f\n\r\t",
		`"\u00e9\u00C9é"`:        "éÉé",
		`"\ud83d\ude00"`:         "😀",
		`"\ud83d"`:               "\ufffd",
		`"\ud83dx\ud83d\u0041"`:  "\ufffdx\ufffdA",
		`"\ud83d\uzzzz"`:         "",
		`"a\u0000b\u001f\u007f"`: "a\x00b\x1f\x7f",
	} {
		p, err := policy.Parse([]byte(`{"Id":` + text + `,"Statement":[]}`))
		if want == "" {
			if err == nil {
				t.Errorf("%s: no error", text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got struct{ ID string }
		if err := json.Unmarshal([]byte(p.String()), &got); err != nil || got.ID != want {
			t.Errorf("%s: got %q, %v, want %q", text, got.ID, err, want)
		}
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	got := mustParse(t, `{
		"Statement": {
			"Condition": {"Null": {}, "NumericEquals": {"a": 1.50, "b": ["x", null, true]}, "Bool": {"c": [null]}},
			"NotResource": ["*"], "NotAction": ["a:b", null], "Effect": "Deny", "Sid": "s",
			"Principal": {"AWS": ["*"], "Service": "\u0001\"x"}
		},
		"Id": "i", "Version": "2008-10-17"
	}`).String()
	want := `{"Version":"2008-10-17","Id":"i","Statement":[{"Sid":"s","Effect":"Deny",` +
		`"Principal":{"AWS":["*"],"Service":"\u0001\"x"},"NotAction":["a:b",null],"NotResource":"*",` +
		`"Condition":{"NumericEquals":{"a":1.50,"b":["x",null,true]},"Bool":{"c":[null]},"Null":{}}}]}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	short := `{"Statement":{"Effect":"Allow","Action":"*","Resource":"execute-api:/dev/*","Principal":"*"}}`
	p, err := policy.ParseResourcePolicy([]byte(short), "arn:aws:execute-api:us-east-1:123456789012:abc123")
	if err != nil {
		t.Fatal(err)
	}
	want = `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:execute-api:us-east-1:123456789012:abc123/dev/*"}]}`
	if diff := cmp.Diff(want, p.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range corpus(f) {
		f.Add([]byte(c.Policy))
	}
	f.Add([]byte(`{"Statement":{"Condition":{"Null":{"\ud83d":[1e5,-0.1E+2]}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := policy.Parse(data)
		if err != nil {
			var fault *policy.SyntaxError
			if !errors.As(err, &fault) || fault.Offset < 0 || fault.Offset > len(data) {
				t.Fatalf("got %#v", err)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatal("accepted what is not JSON")
		}
		request := &policy.Request{
			Resource: "arn:aws:execute-api:us-east-1:123456789012:abc123/dev/GET/pets/1",
			Context:  policy.MapContext{"aws:sourceip": {"203.0.113.1"}, "aws:useragent": {"curl/8"}, "aws:currenttime": {"2026-01-01T00:00:00Z"}},
		}
		verdict, index := p.Decide(request)
		explained, diagnostic := p.Explain(request)
		if explained != verdict || diagnostic.Statement != index || diagnostic.Decision != verdict {
			t.Errorf("Decide gives %v by %d, Explain %v by %d", verdict, index, explained, diagnostic.Statement)
		}
		for _, finding := range p.Findings() {
			if finding.Code == "" || finding.Message == "" || finding.Path == "" {
				t.Errorf("a finding without words: %+v", finding)
			}
		}
		again := mustParse(t, p.String())
		if again.String() != p.String() {
			t.Errorf("printed %s, then %s", p, again)
		}
		if got, at := again.Decide(request); got != verdict || at != index {
			t.Errorf("printed and parsed: %v by %d, before %v by %d", got, at, verdict, index)
		}
	})
}

// FuzzJSON compares the reader with encoding/json: it refuses, besides, what
// is not UTF-8, two equal keys and deep nesting.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{`{}`, `[1,-0,2.5e+3,true,false,null]`, `{"a":{"b":"\u00e9\\"}}`, ` [ ] `, `-`, `1e`, `"\ud800\u`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := policy.Parse([]byte(`{"Statement":[],"Id":` + text + `}`))
		broken := err != nil && strings.Contains(err.Error(), "not valid JSON")
		if broken && json.Valid([]byte(`{"Statement":[],"Id":`+text+`}`)) {
			t.Errorf("refused %q: %v", text, err)
		}
	})
}
