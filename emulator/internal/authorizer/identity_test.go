package authorizer_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/trace"
)

// sources parses identity sources.
func sources(t testing.TB, texts ...string) []apigw.IdentitySource {
	t.Helper()
	var list []apigw.IdentitySource
	for _, text := range texts {
		s, err := apigw.ParseIdentitySource(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

// request is a REQUEST authorizer with these sources.
func request(t testing.TB, texts ...string) *authorizer.Authorizer {
	t.Helper()
	return compile(t, apigw.Authorizer{
		Name: "tenant", Type: apigw.RequestAuthorizer, Function: "tenant", ResultTTL: time.Hour, IdentitySources: sources(t, texts...),
	}, answer, nil)
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	r := &event.Request{
		Stage:   &event.Stage{Name: "dev", Variables: map[string]string{"table": "pets", "none": ""}},
		Headers: []event.Pair{{Name: "X-Tenant", Value: "one"}, {Name: "x-tenant", Value: "two"}, {Name: "X-Empty", Value: ""}},
		Query:   []event.Pair{{Name: "key", Value: "a"}, {Name: "key", Value: "b"}, {Name: "blank", Value: ""}, {Name: "blank", Value: ""}, {Name: "half", Value: "x"}, {Name: "half", Value: ""}},
		Method:  "GET", SourceIP: "192.0.2.1",
	}
	tests := []struct {
		source string
		value  string
		code   trace.Code // of the refusal
	}{
		{source: "method.request.header.X-Tenant", value: "two"},
		{source: "method.request.header.x-TENANT", value: "two"},
		{source: "method.request.header.X-Empty", code: trace.IdentityEmpty},
		{source: "method.request.header.X-None", code: trace.IdentityMissing},
		{source: "method.request.multivalueheader.X-Tenant", value: "one,two"},
		{source: "method.request.multivalueheader.X-Empty", code: trace.IdentityEmpty},
		{source: "method.request.multivalueheader.X-None", code: trace.IdentityMissing},
		{source: "method.request.querystring.key", value: "b"},
		{source: "method.request.querystring.Key", code: trace.IdentityMissing},
		{source: "method.request.querystring.blank", code: trace.IdentityEmpty},
		{source: "method.request.querystring.half", code: trace.IdentityEmpty},
		{source: "method.request.multivaluequerystring.key", value: "a,b"},
		{source: "method.request.multivaluequerystring.half", value: "x,"},
		{source: "method.request.multivaluequerystring.blank", code: trace.IdentityEmpty},
		{source: "method.request.multivaluequerystring.none", code: trace.IdentityMissing},
		{source: "stageVariables.table", value: "pets"},
		{source: "stageVariables.none", code: trace.IdentityEmpty},
		{source: "stageVariables.Table", code: trace.IdentityMissing},
		{source: "context.httpMethod", value: "GET"},
		{source: "context.identity.sourceIp", value: "192.0.2.1"},
		{source: "context.identity.userAgent", code: trace.IdentityMissing},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			t.Parallel()
			id, refusal := request(t, tt.source).Identify(r)
			code := trace.Code("")
			if refusal != nil {
				code = refusal.Code
			}
			if code != tt.code || id.Sources[0].Value != tt.value || id.Sources[0].Found != (code != trace.IdentityMissing) || id.Sources[0].Source != tt.source {
				t.Errorf("got %+v, %v", id.Sources, refusal)
			}
			if refusal != nil && (refusal.Type != apigw.Unauthorized || !strings.Contains(refusal.Reason, tt.source) || refusal.Hint == "") {
				t.Errorf("refused with %+v", refusal)
			}
		})
	}
}

// All sources are looked up, for the trace, and the first that fails is named (rest-authorizer 1.9).
func TestIdentifyLooksAtAllSources(t *testing.T) {
	t.Parallel()
	a := request(t, "method.request.header.Authorization", "method.request.querystring.a", "method.request.querystring.b")
	r := bearer("abc")
	r.Query = []event.Pair{{Name: "a", Value: ""}}
	id, refusal := a.Identify(r)
	want := []trace.IdentitySource{
		{Source: "method.request.header.Authorization", Value: "abc", Found: true},
		{Source: "method.request.querystring.a", Found: true},
		{Source: "method.request.querystring.b"},
	}
	if diff := cmp.Diff(want, id.Sources); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if refusal == nil || refusal.Reason != `authorizer "tenant" was not called: its identity source method.request.querystring.a is empty` {
		t.Errorf("refused with %v", refusal)
	}
}

func TestIdentifyHints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, source string
		r            *event.Request
		hint         string
	}{
		{name: "header", source: "method.request.header.X-Auth", r: &event.Request{}, hint: "send the header, for example with curl -H 'X-Auth: …'"},
		{
			name: "a header that is sent twice", source: "method.request.header.X-Auth", r: &event.Request{
				Headers: []event.Pair{{Name: "X-Auth", Value: "a"}, {Name: "x-auth", Value: ""}}, Sent: http.Header{"X-Auth": {"a", ""}},
			},
			hint: "it was sent several times, and the last value counts; send it once",
		},
		{
			name: "a header that the gateway writes", source: "method.request.header.X-Forwarded-For", r: &event.Request{
				Headers: []event.Pair{{Name: "X-Forwarded-For", Value: ""}}, Sent: http.Header{"X-Forwarded-For": {"a", "b"}},
			},
			hint: "send the header, for example with curl -H 'X-Forwarded-For: …'",
		},
		{
			name: "a parameter that is sent twice", source: "method.request.querystring.key", r: &event.Request{
				Query: []event.Pair{{Name: "key", Value: "a"}, {Name: "other", Value: "b"}, {Name: "key", Value: ""}},
			},
			hint: "it was sent several times, and the last value counts; send it once",
		},
		{name: "another header than Authorization", source: "method.request.header.X-Auth", r: bearer("abc"), hint: "send the header, for example with curl -H 'X-Auth: …'; the Authorization header that was sent is not this authorizer's identity source"},
		{name: "an empty Authorization header", source: "method.request.header.authorization", r: bearer(""), hint: "send the header, for example with curl -H 'authorization: …'"},
		{name: "query", source: "method.request.querystring.key", r: &event.Request{}, hint: "add ?key=… to the URL; names of query parameters are case-sensitive"},
		{name: "stage variable", source: "stageVariables.table", r: &event.Request{Stage: &event.Stage{}}, hint: "set it under api.stageVariables in the route file"},
		{name: "context", source: "context.identity.userAgent", r: &event.Request{}, hint: "the request has no such value; drop the source from identitySource"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, refusal := request(t, tt.source).Identify(tt.r); refusal == nil || refusal.Hint != tt.hint {
				t.Errorf("got %+v, want the hint %q", refusal, tt.hint)
			}
		})
	}
}

// Without identity sources every request is the same identity, which is legal without caching only (rest-authorizer 1.10).
func TestIdentifyNothing(t *testing.T) {
	t.Parallel()
	id, refusal := request(t).Identify(&event.Request{})
	if refusal != nil || len(id.Sources) != 0 {
		t.Errorf("got %+v, %v", id, refusal)
	}
}

// No two requests that differ in the value of an identity source share a result, however the values are put together, and
// two that do not differ always share it (rest-authorizer 7.2, 7.3).
func TestCacheKeyIsInjective(t *testing.T) {
	t.Parallel()
	values := []string{"a", "b", "a,b", ",", "1:a", "1:1:a", "a1:b", ":", "1", "2:1:a:1:b", "\x00", "é"}
	now := time.Unix(0, 0)

	check := func(t *testing.T, a *authorizer.Authorizer, requests []*event.Request) {
		t.Helper()
		ids := make([]authorizer.Identity, len(requests))
		for i, r := range requests {
			var refusal *apigw.Error
			if ids[i], refusal = a.Identify(r); refusal != nil {
				t.Fatal(refusal)
			}
			if kept, _ := a.Cached(ids[i], now); kept != nil {
				t.Errorf("%+v finds the result of request %s", ids[i].Sources, kept.PrincipalID)
			}
			a.Keep(ids[i], &authorizer.Result{PrincipalID: strconv.Itoa(i)}, now)
		}
		for i, r := range requests {
			again := *r
			again.Method, again.ContextPath = "POST", "/elsewhere"
			id, _ := a.Identify(&again)
			if kept, _ := a.Cached(id, now); kept == nil || kept.PrincipalID != strconv.Itoa(i) {
				t.Errorf("%+v does not find its own result", id.Sources)
			}
		}
	}

	t.Run("two sources", func(t *testing.T) {
		t.Parallel()
		var requests []*event.Request
		for _, x := range values {
			for _, y := range values {
				requests = append(requests, &event.Request{Headers: []event.Pair{{Name: "X", Value: x}}, Query: []event.Pair{{Name: "y", Value: y}}})
			}
		}
		check(t, request(t, "method.request.header.X", "method.request.querystring.y"), requests)
	})
	t.Run("one source", func(t *testing.T) {
		t.Parallel()
		var requests []*event.Request
		for _, x := range values {
			requests = append(requests, &event.Request{Query: []event.Pair{{Name: "x", Value: x}}})
		}
		check(t, request(t, "method.request.querystring.x"), requests)
	})
	t.Run("one source of several values", func(t *testing.T) {
		t.Parallel()
		var requests []*event.Request
		for _, x := range values {
			requests = append(requests, &event.Request{Query: []event.Pair{{Name: "x", Value: x}}})
			for _, y := range values {
				requests = append(requests, &event.Request{Query: []event.Pair{{Name: "x", Value: x}, {Name: "x", Value: y}}})
			}
		}
		check(t, request(t, "method.request.multivaluequerystring.x"), requests)
	})
	t.Run("two sources of several values", func(t *testing.T) {
		t.Parallel()
		var requests []*event.Request
		for _, x := range values {
			for _, y := range values {
				requests = append(requests,
					&event.Request{
						Headers: []event.Pair{{Name: "X", Value: x}, {Name: "X", Value: y}}, Query: []event.Pair{{Name: "y", Value: "z"}},
					},
					&event.Request{
						Headers: []event.Pair{{Name: "X", Value: x}}, Query: []event.Pair{{Name: "y", Value: y}, {Name: "y", Value: "z"}},
					})
			}
		}
		check(t, request(t, "method.request.multivalueheader.X", "method.request.multivaluequerystring.y"), requests)
	})
}

// The expression must match the whole token (rest-authorizer 2.3 to 2.7).
func TestValidationExpression(t *testing.T) {
	t.Parallel()
	tests := []struct {
		expression  string
		match, miss []string
	}{
		{expression: `\w{5}`, match: []string{"abcde", "a_1_b"}, miss: []string{"abcd", "abcdef", "abcde ", " abcde", "äbcde"}},
		{expression: `^Bearer [-0-9a-zA-z\.]*$`, match: []string{"Bearer aaa.bbb.ccc", "Bearer a_b", "Bearer "}, miss: []string{"bearer x", "Bearer", "Bearer a b", " Bearer a", "Bearer a\n"}},
		{expression: `a|b`, match: []string{"a", "b"}, miss: []string{"ab", "ax", "xb", ""}},
		{expression: `a|ab|abc`, match: []string{"a", "ab", "abc"}, miss: []string{"abcd"}},
		{expression: `|a`, match: []string{"a"}, miss: []string{"b"}},
		{expression: `(?i)bearer .+`, match: []string{"Bearer x", "BEARER x"}, miss: []string{"Basic x"}},
		{expression: `(?i:bearer) [a-z]+`, match: []string{"BEARER abc"}, miss: []string{"Bearer ABC"}},
		{expression: `(?m)^a$`, match: []string{"a"}, miss: []string{"a\nb", "b\na", "a\n"}},
		{expression: `(?s).+`, match: []string{"a\nb"}},
		{expression: `.+`, match: []string{"a b"}, miss: []string{"a\nb"}},
		{expression: `a$|^b`, match: []string{"a", "b"}, miss: []string{"ba", "ab"}},
		{expression: `\Aa\z`, match: []string{"a"}, miss: []string{"aa"}},
		{expression: `[(]`, match: []string{"("}, miss: []string{"()"}},
		{expression: `\(|\)`, match: []string{"(", ")"}, miss: []string{"()"}},
		{expression: `.*?a`, match: []string{"bba"}, miss: []string{"ab"}},

		// What Go's own expressions refuse.
		{expression: `(?!Basic )\S+ \S+`, match: []string{"Bearer x"}, miss: []string{"Basic x", "Bearer x y"}},
		{expression: `(?=.*[0-9]).{3}`, match: []string{"a1b"}, miss: []string{"abc", "a1bc"}},
		{expression: `(?<=^)a|b(?!x)`, match: []string{"a", "b"}, miss: []string{"ab", "bx"}},
		{expression: `(a|b)\1`, match: []string{"aa", "bb"}, miss: []string{"ab", "aab"}},
		{expression: `(?>a+)b`, match: []string{"aab"}, miss: []string{"aa"}},
		{expression: `(?=a)\w{2}`, match: []string{"ab"}, miss: []string{"aé", "a٣"}},
	}
	for _, tt := range tests {
		t.Run(tt.expression, func(t *testing.T) {
			t.Parallel()
			definition := token()
			definition.ValidationExpression = tt.expression
			a := compile(t, definition, answer, nil)
			for want, tokens := range map[bool][]string{true: tt.match, false: tt.miss} {
				for _, text := range tokens {
					_, refusal := a.Identify(bearer(text))
					if (refusal == nil) != want {
						t.Errorf("%q: match %t, want %t", text, refusal == nil, want)
					}
					if refusal != nil && text != "" && refusal.Code != trace.IdentityMismatch {
						t.Errorf("%q: refused with %v", text, refusal)
					}
				}
			}
		})
	}
}

func TestCheckExpression(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a", "(?=a)b", `(a)\1`, "[)]", `\)`, "(?i)a|b"} {
		if err := authorizer.CheckExpression(text); err != nil {
			t.Errorf("%q is refused: %v", text, err)
		}
	}
	// What Java knows and nothing here does is refused, not read as something else.
	for _, text := range []string{`\Qa`, `\h+`, `(?=a)\Qa\E`, `\R`, `a++`, `\p{Alpha}`} {
		if err := authorizer.CheckExpression(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	// Those that would close the group around them are as wrong as those that are wrong by themselves.
	for _, text := range []string{"(", ")", "a)|(b", "a)(?:b", "(?=a)b)|(c", "[a", `a\`, "*", "a)(?=b", "(?"} {
		if err := authorizer.CheckExpression(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestMismatchAdvice(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, expression, token, advice string }{
		{name: "in lower case", expression: "Bearer .+", token: "bearer abc", advice: "; the prefix is case-sensitive"},
		{name: "without a prefix", expression: "Bearer [a-z]+", token: "abc", advice: "; the token was sent without the prefix Bearer"},
		{name: "another token", expression: "Bearer [a-z]+", token: "Bearer 123"},
		{name: "another scheme", expression: "Bearer [a-z]+", token: "Basic abc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			definition := token()
			definition.ValidationExpression = tt.expression
			_, refusal := compile(t, definition, answer, nil).Identify(bearer(tt.token))
			if refusal == nil {
				t.Fatal("not refused")
			}
			const hint = "the expression must match the whole header value, with any prefix such as Bearer"
			if diff := cmp.Diff(hint+tt.advice, refusal.Hint); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(refusal.Reason, tt.token) {
				t.Errorf("the reason tells the token: %s", refusal.Reason)
			}
		})
	}
}

// A pattern that backtracks without end refuses a token in time.
func TestExpressionTimeLimit(t *testing.T) {
	t.Parallel()
	definition := token()
	definition.ValidationExpression = `(?=a)(a+)+b`
	a := compile(t, definition, answer, nil)
	start := time.Now()
	_, refusal := a.Identify(bearer("a" + strings.Repeat("a", 60)))
	if refusal == nil || refusal.Code != trace.IdentityMismatch || !strings.Contains(refusal.Reason, "takes too long to match") {
		t.Errorf("got %v", refusal)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func BenchmarkIdentify(b *testing.B) {
	definition := token()
	definition.ValidationExpression = `^Bearer [-0-9a-zA-Z._]+$`
	for _, bench := range []struct {
		name string
		a    *authorizer.Authorizer
	}{
		{"token", compile(b, definition, answer, nil)},
		{"request", request(b, "method.request.header.Authorization", "context.httpMethod")},
	} {
		b.Run(bench.name, func(b *testing.B) {
			r := bearer("Bearer " + strings.Repeat("a", 180))
			b.ReportAllocs()
			for b.Loop() {
				if _, refusal := bench.a.Identify(r); refusal != nil {
					b.Fatal(refusal)
				}
			}
		})
	}
}

// What Java reads in another way is refused when the file is loaded (rest-authorizer 2.5).
func TestExpressionsThatAreNotJavas(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`[[:alnum:]]+`, `(?P<x>a)+`, `[a-z&&[^b]]+`, `[a-d[m-p]]+`, `(a|b`, `a++`, `[a-z`} {
		if err := authorizer.CheckExpression(text); err == nil {
			t.Errorf("%s is accepted", text)
		} else if strings.Contains(err.Error(), `\z`) {
			t.Errorf("%s: the error shows what is around the pattern: %v", text, err)
		}
	}
	for _, text := range []string{`[a-z\[\]]+`, `a&&b`, `[&]`, `(?<x>a)`, `[]a]`, `[^]a]`} {
		if err := authorizer.CheckExpression(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
