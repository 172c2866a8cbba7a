package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/policy"
)

func explain(tb testing.TB, text string, request policy.Request) policy.Diagnostic {
	tb.Helper()
	_, diagnostic := mustParse(tb, text).Explain(&request)
	return diagnostic
}

func TestExplainResource(t *testing.T) {
	t.Parallel()
	const resource = api + "/dev/GET/pets/1"
	tests := []struct {
		name, text            string
		pattern               string
		offset, patternOffset int
		reason, rule          string
	}{
		{
			"another path", allowResource("$D/GET/toys"), api + "/dev/GET/toys", 58, 58,
			`at byte 58 the ARN has "pets/1" where the pattern has "toys"`, "W1",
		},
		{
			"the nearest of several", allowResource("$D/PUT/*", "$D/GET/pets", api+"/prod/*"), api + "/dev/GET/pets", 62, 62,
			`the pattern ends where the ARN goes on with "/1", at byte 62`, "W1",
		},
		{
			"a longer pattern", allowResource("$D/GET/pets/1/toys"), api + "/dev/GET/pets/1/toys", 64, 64,
			`the ARN ends at byte 64, where the pattern goes on with "/toys"`, "W1",
		},
		{
			"after a star", allowResource("$D/*/toys"), api + "/dev/*/toys", 58, 56,
			`at byte 58 the ARN has "pets/1" where the pattern has "toys"`, "W1",
		},
		{
			"nothing of what follows a star", allowResource("$D/*~"), api + "/dev/*~", 54, 55,
			`at byte 54 the ARN has "GET/pets/1" where the pattern has "~"`, "W1",
		},
		{
			"long texts are cut", allowResource("arn:aws-cn:ex:" + strings.Repeat("é", 40) + "::"), "arn:aws-cn:ex:" + strings.Repeat("é", 40) + "::", 7, 7,
			`at byte 7 the ARN has ":execute-api:us-east-1:1"... where the pattern has "-cn:ex:éééééééé"...`, "W1",
		},
		{
			"case", allowResource("$D/get/*"), api + "/dev/get/*", 54, 54,
			`at byte 54 the ARN has "GET/pets/1" where the pattern has "get/*"; case counts`, "W7",
		},
		{
			"ANY", allowResource("$D/ANY/*"), api + "/dev/ANY/*", 54, 54,
			`at byte 54 the ARN has "GET/pets/1" where the pattern has "ANY/*"; ANY is not a wildcard, the verb is the request's`, "R4",
		},
		{
			"a template", allowResource("$D/GET/pets/{id}"), api + "/dev/GET/pets/{id}", 63, 63,
			`at byte 63 the ARN has "1" where the pattern has "{id}"; parameters are filled in before matching, so {...} matches only itself`, "R2",
		},
		{
			"a variable with another value", allowResource("$D/GET/pets/x${aws:userid}"), api + "/dev/GET/pets/x${aws:userid}", 63, 63,
			`at byte 63 the ARN has "1" where the pattern has "x${aws:userid}"`, "W1",
		},
		{
			"a variable without a value", allowResource("$D/GET/pets/${aws:username}"), api + "/dev/GET/pets/${aws:username}", 0, 0,
			`a variable in "` + api + `/dev/GET/pets/${aws:username}" has no value and no default, so it covers nothing`, "X6",
		},
		{
			"a field that a star does not leave", allowResource("arn:aws:execute-api:u*x:1:a"), "arn:aws:execute-api:u*x:1:a", 21, 22,
			`at byte 21 the ARN has "s-east-1:123456789012:ab"... where the pattern has "x:1:a"` +
				`; inside one of the first five fields a wildcard does not match a colon`, "W4",
		},
		{
			"the short form", allowResource("execute-api:/dev/*"), "execute-api:/dev/*", 0, 0,
			`"execute-api:/dev/*" is the short form of a resource policy; here a resource has to be an ARN or *`, "R7",
		},
		{
			"a short ARN", allowResource("arn:aws:execute-api"), "arn:aws:execute-api", 0, 0,
			`"arn:aws:execute-api" has fewer than six fields and no star at the end to stand for the others`, "D5",
		},
		{"no ARN", allowResource("pets"), "pets", 0, 0, `"pets" is neither an ARN nor *`, "V16"},
		{"null", allow(`"Action":"*","Resource":[null]`), "null", 0, 0, "null covers nothing", "V22"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := explain(t, test.text, policy.Request{Resource: resource, Context: policy.MapContext{"aws:userid": {"7"}}})
			want := policy.StatementReport{
				Effect: policy.EffectAllow, FailedOn: policy.ElementResource, Pattern: test.pattern, Value: resource,
				Offset: test.offset, PatternOffset: test.patternOffset, Reason: test.reason,
			}
			report := got.Statements[0]
			if report.Rule.ID != test.rule {
				t.Errorf("got the rule %s, want %s", report.Rule.ID, test.rule)
			}
			want.Rule = report.Rule
			if diff := cmp.Diff(want, report); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Offsets do not cut characters: é and è share their first byte.
func TestExplainBetweenCharacters(t *testing.T) {
	t.Parallel()
	got := explain(t, allowResource("$D/GET/é"), policy.Request{Resource: api + "/dev/GET/è"}).Statements[0]
	if got.Offset != len(api+"/dev/GET/") || got.PatternOffset != got.Offset {
		t.Errorf("got %+v", got)
	}
}

// Every element of every statement is accounted for, also where the verdict
// is known early.
func TestExplainNeverStopsEarly(t *testing.T) {
	t.Parallel()
	got := explain(t, `{"Version":"2012-10-17","Statement":[
		{"Sid":"all","Effect":"Deny","Action":"*","Resource":"*"},
		{"Effect":"Allow","Action":"s3:Get*","Resource":"pets","Condition":{"Bool":{"aws:SecureTransport":"true"}}},
		{"Effect":"Allow","NotAction":["execute-api:*"],"Resource":"*"},
		{"Effect":"Allow","Action":"*","NotResource":"arn:aws:execute-api:*","Condition":{"IpAddress":{"aws:SourceIp":["192.0.2.0/24","10.0.0.0/8"]}}},
		{"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::b","Condition":{"Null":{"aws:Referer":true}}}]}`,
		policy.Request{Action: "execute-api:Invoke", Resource: api + "/dev/GET/", Context: policy.MapContext{
			"aws:securetransport": {"true"}, "aws:sourceip": {"198.51.100.1"},
		}})
	const arn = api + "/dev/GET/"
	want := policy.Diagnostic{
		Decision: policy.ExplicitDeny, Statement: 0, Reason: `Statement[0] (Sid "all") denies the request, whatever others allow`,
		Statements: []policy.StatementReport{
			{
				Index: 0, Sid: "all", Effect: policy.EffectDeny, Matched: true, Pattern: "*", Value: arn,
				Reason: `Resource "*" covers the ARN`, Rule: policy.Rule{ID: "W1", Confidence: policy.Documented},
			},
			{
				Index: 1, Effect: policy.EffectAllow, FailedOn: policy.ElementAction, Pattern: "s3:Get*", Value: "execute-api:Invoke",
				Reason: `at byte 0 the action has "execute-api:Invoke" where the pattern has "s3:Get*"`, Rule: policy.Rule{ID: "A2", Confidence: policy.Documented},
				Conditions: []policy.ConditionReport{{
					Operator: "Bool", Key: "aws:SecureTransport", Want: []string{"true"}, Got: []string{"true"}, Matched: true,
					Reason: "aws:SecureTransport true against true: Bool holds", Rule: policy.Rule{ID: "C40", Confidence: policy.Documented},
				}},
			},
			{
				Index: 2, Effect: policy.EffectAllow, FailedOn: policy.ElementNotAction, Pattern: "execute-api:*", Value: "execute-api:Invoke",
				Reason: `NotAction "execute-api:*" covers the action`, Rule: policy.Rule{ID: "E3", Confidence: policy.Documented},
			},
			{
				Index: 3, Effect: policy.EffectAllow, FailedOn: policy.ElementNotResource, Pattern: "arn:aws:execute-api:*", Value: arn,
				Reason: `NotResource "arn:aws:execute-api:*" covers the ARN`, Rule: policy.Rule{ID: "E3", Confidence: policy.Documented},
				Conditions: []policy.ConditionReport{{
					Operator: "IpAddress", Key: "aws:SourceIp", Want: []string{"192.0.2.0/24", "10.0.0.0/8"}, Got: []string{"198.51.100.1"},
					Reason: "aws:SourceIp 198.51.100.1 against [192.0.2.0/24, 10.0.0.0/8]: IpAddress does not hold", Rule: policy.Rule{ID: "C50", Confidence: policy.Documented},
				}},
			},
			{
				Index: 4, Effect: policy.EffectDeny, Matched: true, Value: arn,
				Reason: "no NotResource covers the ARN, and every condition holds", Rule: policy.Rule{ID: "E3", Confidence: policy.Documented},
				Conditions: []policy.ConditionReport{{
					Operator: "Null", Key: "aws:Referer", Want: []string{"true"}, Absent: true, Matched: true,
					Reason: "the request has no aws:Referer, so Null true holds", Rule: policy.Rule{ID: "C5", Confidence: policy.Documented},
				}},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExplainCondition(t *testing.T) {
	t.Parallel()
	tests := []struct {
		condition string
		context   policy.MapContext
		pattern   string
		value     string
		reason    string // of the condition, whether it holds or not
	}{
		{`{"Bool":{"k":"true"}}`, nil, "Bool k true", "absent", "the request has no k, so Bool does not hold"},
		{`{"StringNotEquals":{"k":"a"}}`, nil, "", "", "the request has no k, and the negated StringNotEquals holds without one"},
		{`{"BoolIfExists":{"k":"true"}}`, nil, "", "", "the request has no k, and BoolIfExists holds without one"},
		{`{"Null":{"k":["true"]}}`, policy.MapContext{"k": {"a"}}, "Null k true", "a", "the request has k, so Null true does not hold"},
		{
			`{"NumericNotEquals":{"k":1}}`,
			policy.MapContext{"k": {"a"}},
			"NumericNotEquals k 1", "a",
			"the request's k a is not a number, so NumericNotEquals does not hold",
		},
		{`{"DateEquals":{"k":1}}`, policy.MapContext{"k": {"a"}}, "DateEquals k 1", "a", "the request's k a is not a date, so DateEquals does not hold"},
		{`{"ArnEquals":{"k":1}}`, policy.MapContext{"k": {"a"}}, "ArnEquals k 1", "a", "the request's k a is not an ARN, so ArnEquals does not hold"},
		{`{"StringEquals":{"k":[]}}`, policy.MapContext{"k": {"a"}}, "StringEquals k []", "a", "StringEquals lists no values for k, so it does not hold"},
		{`{"ForAllValues:StringEquals":{"k":"a"}}`, nil, "", "", "the request has no k, and ForAllValues holds without one"},
		{`{"ForAnyValue:StringEquals":{"k":"a"}}`, nil, "ForAnyValue:StringEquals k a", "absent", "the request has no k, and ForAnyValue needs one"},
		{
			`{"ForAllValues:StringEquals":{"k":"a"}}`,
			policy.MapContext{"k": {"a", "b"}},
			"ForAllValues:StringEquals k a", "[a, b]",
			"not every value of k [a, b] satisfies ForAllValues:StringEquals a",
		},
		{`{"ForAllValues:StringLike":{"k":"*"}}`, policy.MapContext{"k": {"a", "b"}}, "", "", "every value of k [a, b] satisfies ForAllValues:StringLike *"},
		{`{"ForAnyValue:StringEquals":{"k":"a"}}`, policy.MapContext{"k": {"a", "b"}}, "", "", "some value of k [a, b] satisfies ForAnyValue:StringEquals a"},
		{
			`{"ForAnyValue:StringEquals":{"k":"c"}}`,
			policy.MapContext{"k": {"a"}},
			"ForAnyValue:StringEquals k c", "a",
			"no value of k a satisfies ForAnyValue:StringEquals c",
		},
		{
			`{"StringEquals":{"k":"a"}}`,
			policy.MapContext{"k": {"a", "b"}},
			"StringEquals k a", "[a, b]",
			"k has 2 values; without ForAllValues or ForAnyValue StringEquals does not hold",
		},
		{`{"ForAllValues:Null":{"k":true}}`, nil, "", "", "ForAllValues:Null holds for every request"},
		{`{"ForAnyValue:Null":{"k":true}}`, nil, "ForAnyValue:Null k true", "absent", "ForAnyValue:Null holds for no request"},
		{
			`{"StringEquals":{"k":"${x}"}}`,
			policy.MapContext{"k": {"a"}},
			"StringEquals k ${x}", "a",
			"a variable in ${x} has no value, so nothing equals it and StringEquals does not hold",
		},
		{
			`{"StringEqualsIgnoreCase":{"k":"${x}"}}`,
			policy.MapContext{"k": {"a"}},
			"StringEqualsIgnoreCase k ${x}", "a",
			"a variable in ${x} has no value, so nothing equals it and StringEqualsIgnoreCase does not hold",
		},
		{
			`{"DateLessThan":{"k":"2026-01-01"}}`,
			policy.MapContext{"k": {"2026-01-01T00:00:00.5Z"}},
			"DateLessThan k 2026-01-01", "2026-01-01T00:00:00.5Z",
			"k 2026-01-01T00:00:00.5Z against 2026-01-01: DateLessThan does not hold; fractions of a second are cut off",
		},
	}
	for _, test := range tests {
		got := explain(t, allowCondition(test.condition), policy.Request{Context: test.context}).Statements[0]
		matched := test.pattern == ""
		if matched {
			test.pattern = "*"
		}
		diff := cmp.Diff(
			[]any{matched, test.pattern, test.value, test.reason},
			[]any{got.Matched, got.Pattern, got.Value, got.Conditions[0].Reason},
		)
		if diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.condition, diff)
		}
	}
}

func TestExplainPrincipal(t *testing.T) {
	t.Parallel()
	for elements, want := range map[string]policy.StatementReport{
		`"Principal":{"AWS": "111122223333"}`: {
			FailedOn: policy.ElementPrincipal, Pattern: `{"AWS":"111122223333"}`, Value: "anonymous",
			Reason: `callers are anonymous to IAM, and only "*" covers them`,
		},
		`"NotPrincipal":"*"`: {
			FailedOn: policy.ElementNotPrincipal, Pattern: `"*"`, Value: "anonymous",
			Reason: "NotPrincipal covers everyone, anonymous callers too",
		},
	} {
		want.Effect, want.Rule = policy.EffectAllow, policy.Rule{ID: "T4", Confidence: policy.Documented}
		p, err := policy.ParseResourcePolicy([]byte(allow(`"Action":"*","Resource":"*",`+elements)), api)
		if err != nil {
			t.Fatal(err)
		}
		_, got := p.Explain(&policy.Request{})
		if diff := cmp.Diff(want, got.Statements[0]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestExplainSummary(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"Statement":[]}`:                   "the policy has no statements",
		blueprintPolicy:                      "no statement applies to the request",
		allow(`"Action":"*","Resource":"*"`): "Statement[0] allows the request, and no statement denies it",
		`{"Statement":{"Effect":"Deny","Action":"a:b","Resource":"*"}}`: "no statement denies the request, but none could allow it",
	} {
		if got := explain(t, text, policy.Request{}).Reason; got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestExplainEmptyLists(t *testing.T) {
	t.Parallel()
	for elements, want := range map[string]policy.StatementReport{
		`"Action":[],"Resource":"*"`: {
			FailedOn: policy.ElementAction, Value: policy.Invoke, Reason: "the Action list is empty, so it covers nothing",
			Rule: policy.Rule{ID: "V12", Confidence: policy.Inferred},
		},
		`"Action":"*","Resource":[]`: {
			FailedOn: policy.ElementResource, Value: "r", Reason: "the Resource list is empty, so it covers nothing",
			Rule: policy.Rule{ID: "V11", Confidence: policy.Observed},
		},
	} {
		want.Effect = policy.EffectAllow
		got := explain(t, allow(elements), policy.Request{Resource: "r"}).Statements[0]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestDiagnosticAsJSON(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(explain(t, allow(`"Action":"a:b","Resource":"*"`), policy.Request{}))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"decision":"ImplicitDeny","statement":-1,"reason":"no statement applies to the request","statements":[{` +
		`"index":0,"sid":"","effect":"Allow","matched":false,"failedOn":"Action","pattern":"a:b","value":"execute-api:Invoke",` +
		`"reason":"at byte 0 the action has \"execute-api:Invoke\" where the pattern has \"a:b\"","rule":{"id":"A2","confidence":"documented"}}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
