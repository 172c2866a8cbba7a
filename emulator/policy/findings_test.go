package policy_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gatewayd/emulator/policy"
)

const api = "arn:aws:execute-api:us-east-1:123456789012:abc123"

// allow is a policy of one Allow statement with more elements.
func allow(elements string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + elements + `}]}`
}

func allowResource(resources ...string) string {
	quoted, _ := json.Marshal(resources)
	return allow(`"Action":"execute-api:Invoke","Resource":` + strings.ReplaceAll(string(quoted), "$D", api+"/dev"))
}

// exactPolicy allows n resources, each by its ARN.
func exactPolicy(n int) string {
	resources := make([]string, n)
	for i := range resources {
		resources[i] = fmt.Sprintf("$D/GET/a-path-that-is-as-long-as-some-are/and-goes-on-and-on-and-on/%d", i)
	}
	return allowResource(resources...)
}

// denyAdmin is a policy of a Deny of one path and an Allow.
func denyAdmin(allow string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"` + api + `/dev/GET/admin"},` +
		`{"Effect":"Allow","Action":"*",` + allow + `}]}`
}

func allowCondition(condition string) string {
	return allow(`"Action":"*","Resource":"*","Condition":` + condition)
}

func findingTests() []struct {
	name, text string
	resource   bool
	want       []string // code and path
} {
	return []struct {
		name, text string
		resource   bool
		want       []string
	}{
		{"nothing", blueprintPolicy, false, nil},
		{"the whole API", allowResource(api+"/*", "*", "arn:aws:execute-api:*", "arn:*"), false, nil},
		{"no version", `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`, false, []string{"missing-version Version"}},
		{"a long document", exactPolicy(80), false, []string{"document-too-long Statement"}},
		{"no statements", `{"Version":"2012-10-17","Statement":[]}`, false, []string{"empty-statement-list Statement"}},
		{
			"Sids", `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},` +
				`{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"},{"Sid":"b_${x}","Effect":"Deny","Action":"*","Resource":"*"}]}`, false,
			[]string{"duplicate-sid Statement[1].Sid", "sid-characters Statement[2].Sid", "variable-placement Statement[2].Sid"},
		},

		{"a principal in an authorizer's policy", allow(`"Action":"*","Resource":"*","Principal":"bob"`), false, []string{"principal-ignored Statement[0].Principal"}},
		{"everyone", allow(`"Action":"*","Resource":"*","Principal":{"AWS":"*"}`), true, nil},
		{
			"principals", allow(`"Action":"*","Resource":"*","Principal":{"AWS":["arn:aws:iam::1:user/*","${x}"],"Service":"a?"}`), true,
			[]string{
				"principal-named Statement[0].Principal", "principal-wildcard Statement[0].Principal.AWS[0]",
				"variable-placement Statement[0].Principal.AWS[1]", "principal-wildcard Statement[0].Principal.Service",
			},
		},
		{"all but one", allow(`"Action":"*","Resource":"*","NotPrincipal":{"AWS":"1"}`), true, []string{"not-principal-allows Statement[0].NotPrincipal"}},

		{"no actions", allow(`"Action":[],"Resource":"*"`), false, []string{"empty-action-list Statement[0].Action"}},
		{"no actions excluded", allow(`"NotAction":[],"Resource":"*"`), false, []string{"empty-action-list Statement[0].NotAction"}},
		{
			"actions", allow(`"Action":["Invoke","execute-api:Invok","execute-api:Invoke ","s3:*","${x:y}",null,"execute-api:Inv*"],"Resource":"*"`), false,
			[]string{
				"action-format Statement[0].Action[0]", "action-unknown Statement[0].Action[1]", "action-space Statement[0].Action[2]",
				"action-unknown Statement[0].Action[3]", "variable-placement Statement[0].Action[4]", "action-unknown Statement[0].Action[4]",
				"null-in-list Statement[0].Action[5]",
			},
		},

		{"no resources", allow(`"Action":"*","Resource":[]`), false, []string{"empty-resource-list Statement[0].Resource"}},
		{"no resources excluded", allow(`"Action":"*","NotResource":[]`), false, []string{"empty-resource-list Statement[0].NotResource"}},
		{
			"resources that cover nothing", allowResource("pets", "execute-api:/dev/*", "arn:aws:execute-api:us-east-1"), false,
			[]string{
				"resource-not-arn Statement[0].Resource[0]", "resource-shorthand Statement[0].Resource[1]", "short-arn Statement[0].Resource[2]",
			},
		},
		{"the short form in its place", allow(`"Action":"*","Resource":"execute-api:/dev/*","Principal":"*"`), true, nil},
		{
			"services", allowResource("arn:aws:*:us-east-1:1:a/*", "arn:aws:s3:::b", "arn:aws:exec*"), false,
			[]string{"service-wildcard Statement[0].Resource[0]", "service-other Statement[0].Resource[1]", "service-wildcard Statement[0].Resource[2]"},
		},
		{"a long ARN", allowResource(api + "/" + strings.Repeat("a", 500)), false, []string{"arn-too-long Statement[0].Resource[0]"}},
		{
			"stars before the method", allowResource(api+"/*/GET/pets", api+"/*/*/pets", api+"/d*/pets", api+"/*/*", "arn:aws:execute-api:*:*:*/*/*"), false,
			[]string{
				"star-before-method Statement[0].Resource[0]", "star-before-method Statement[0].Resource[1]", "star-as-method Statement[0].Resource[1]",
				"star-before-method Statement[0].Resource[2]",
			},
		},
		{
			"methods", allowResource("$D/*/pets", "$D/ANY/pets", "$D/get/pets", "$D/GET", "$D/$connect", "$D/G?T/pets", "$D/*/"), false,
			[]string{
				"star-as-method Statement[0].Resource[0]", "method-any Statement[0].Resource[1]", "method-case Statement[0].Resource[2]",
				"method-without-path Statement[0].Resource[3]",
			},
		},
		{
			"paths", allowResource("$D/GET//pets", "$D/GET/a//b", "$D/GET/pets/", "$D/GET/", "$D/GET/pets/{id}", "$D/GET/a}{b", "$D/GET/pets?page=1", "$D/GET/pet?"), false,
			[]string{
				"path-leading-slash Statement[0].Resource[0]", "path-double-slash Statement[0].Resource[1]", "path-trailing-slash Statement[0].Resource[2]",
				"path-template Statement[0].Resource[4]", "path-query Statement[0].Resource[6]",
			},
		},
		{"children without their parent", allowResource("$D/GET/pets/*"), false, []string{"children-without-path Statement[0].Resource[0]"}},
		{"children with their parent", allowResource("$D/GET/pets/*", "$D/GET/pets"), false, nil},
		{"children of whatever there is", allowResource("$D/GET/*", "$D/GET/p*/*"), false, nil},
		{
			"a Deny without the children", denyAdmin(`"Resource":"` + api + `/*"`), false,
			[]string{"path-without-children Statement[0].Resource"},
		},
		{"a Deny without the children that another one denies", denyAdmin(`"Resource":"*"},{"Effect":"Deny","Action":"*","NotResource":"` + api + `/dev/GET/pets"`), false, nil},
		{"a Deny of what was asked for", strings.Replace(allowResource("$D/GET/admin"), "Allow", "Deny", 1), false, nil},
		{"a Deny where nothing else is allowed", denyAdmin(`"Resource":"` + api + `/dev/GET/pets"`), false, nil},
		{"a Deny with the children", strings.Replace(allowResource("$D/GET/admin", "$D/GET/admin/*"), "Allow", "Deny", 1), false, nil},
		{"everything but one path", allow(`"Action":"*","NotResource":"` + api + `/dev/GET/pets/*"`), false, nil},

		{
			"variables", allowResource("$D/GET/${aws:userid}", "$D/GET/${aws:userid", "arn:aws:execute-api:${a}:1:a/dev/GET/b"), false,
			[]string{"variable-malformed Statement[0].Resource[1]", "variable-placement Statement[0].Resource[2]"},
		},
		{
			"variables of another version", strings.Replace(allowResource("$D/GET/${aws:userid}"), "2012", "2008", 1), false,
			[]string{"variable-version Statement[0].Resource[0]"},
		},
		{
			"variables in conditions", allowCondition(`{"StringLike":{"aws:UserAgent":"${aws:userid"},"Bool":{"aws:SecureTransport":"${a}"}}`), false,
			[]string{
				"variable-malformed Statement[0].Condition.StringLike.aws:UserAgent", "variable-placement Statement[0].Condition.Bool.aws:SecureTransport",
				"value-type Statement[0].Condition.Bool.aws:SecureTransport",
			},
		},

		{"an empty condition", allowCondition(`{}`), false, []string{"empty-condition Statement[0].Condition"}},
		{"an operator without keys", allowCondition(`{"Bool":{}}`), false, []string{"empty-condition Statement[0].Condition.Bool"}},
		{
			"a key twice", allowCondition(`{"Bool":{"aws:SecureTransport":true,"AWS:SecureTransport":true}}`), false,
			[]string{"duplicate-key Statement[0].Condition.Bool.AWS:SecureTransport"},
		},
		{
			"keys", allowCondition(`{"StringEquals":{"aws:userid":"a","aws:PrincipalTag/team":"a","aws:SourceIp":"192.0.2.1","x:y":"a"},` +
				`"Null":{"aws:SourceIp":true},"ArnLike":{"aws:PrincipalArn":"a"}}`), false,
			[]string{
				"key-absent Statement[0].Condition.StringEquals.aws:userid", "key-absent Statement[0].Condition.StringEquals.aws:PrincipalTag/team",
				"key-operator Statement[0].Condition.StringEquals.aws:SourceIp", "key-absent Statement[0].Condition.StringEquals.x:y",
				"key-absent Statement[0].Condition.ArnLike.aws:PrincipalArn", "value-type Statement[0].Condition.ArnLike.aws:PrincipalArn",
			},
		},
		{
			"a text as an address", allowCondition(`{"IpAddress":{"aws:UserAgent":"192.0.2.1"}}`), false,
			[]string{"key-operator Statement[0].Condition.IpAddress.aws:UserAgent"},
		},
		{
			"values", allowCondition(`{"DateLessThan":{"aws:CurrentTime":"soon","aws:TokenIssueTime":1},"NumericLessThan":{"aws:EpochTime":"x","aws:MultiFactorAuthAge":[1,null]},` +
				`"Bool":{"aws:SecureTransport":"yes","aws:MultiFactorAuthPresent":"true"},"IpAddress":{"aws:VpcSourceIp":"office"},"BinaryEquals":{"execute-api:viaDomainArn":"?"}}`), false,
			[]string{
				"value-type Statement[0].Condition.DateLessThan.aws:CurrentTime", "key-absent Statement[0].Condition.DateLessThan.aws:TokenIssueTime",
				"value-type Statement[0].Condition.NumericLessThan.aws:EpochTime", "key-absent Statement[0].Condition.NumericLessThan.aws:MultiFactorAuthAge",
				"null-in-list Statement[0].Condition.NumericLessThan.aws:MultiFactorAuthAge[1]", "value-type Statement[0].Condition.Bool.aws:SecureTransport",
				"key-absent Statement[0].Condition.Bool.aws:MultiFactorAuthPresent", "value-type Statement[0].Condition.IpAddress.aws:VpcSourceIp",
				"key-operator Statement[0].Condition.BinaryEquals.execute-api:viaDomainArn", "value-type Statement[0].Condition.BinaryEquals.execute-api:viaDomainArn",
			},
		},
		{
			"wildcards", allowCondition(`{"StringEquals":{"aws:UserAgent":["curl*","a${*}"]},"StringLike":{"aws:Referer":"https://*"}}`), false,
			[]string{"wildcard-without-like Statement[0].Condition.StringEquals.aws:UserAgent[0]"},
		},
		{
			"addresses", allowCondition(`{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","127.0.0.1","fe80::/10","2001:db8::1","192.0.2.7/24","192.0.2.1","2001:db8::/32"]}}`), false,
			[]string{
				"address-private Statement[0].Condition.IpAddress.aws:SourceIp[0]", "address-private Statement[0].Condition.IpAddress.aws:SourceIp[1]",
				"address-private Statement[0].Condition.IpAddress.aws:SourceIp[2]", "address-prefix Statement[0].Condition.IpAddress.aws:SourceIp[3]",
				"address-host-bits Statement[0].Condition.IpAddress.aws:SourceIp[4]",
			},
		},
		{
			"set operators", allowCondition(`{"ForAllValues:StringEquals":{"aws:Referer":"a"},"ForAnyValue:Null":{"aws:Referer":true}}`), false,
			[]string{"for-all-values-allows Statement[0].Condition.ForAllValues:StringEquals.aws:Referer", "null-qualified Statement[0].Condition.ForAnyValue:Null.aws:Referer"},
		},
		{
			"no values", allowCondition(`{"StringNotEquals":{"aws:Referer":[]},"StringEqualsIfExists":{"aws:Referer":[]},"ForAnyValue:StringLike":{"aws:Referer":[]}}`), false,
			[]string{
				"empty-condition-values Statement[0].Condition.StringNotEquals.aws:Referer", "empty-condition-values Statement[0].Condition.StringEqualsIfExists.aws:Referer",
				"empty-condition-values Statement[0].Condition.ForAnyValue:StringLike.aws:Referer",
			},
		},
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	for _, test := range findingTests() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := policy.Parse([]byte(test.text))
			if test.resource {
				p, err = policy.ParseResourcePolicy([]byte(test.text), api)
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, finding := range p.Findings() {
				got = append(got, fmt.Sprintf("%s %s", finding.Code, finding.Path))
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, test.text)
			}
		})
	}
}

// Every code has a case above.
func TestEveryCodeIsTested(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, test := range findingTests() {
		for _, want := range test.want {
			code, _, _ := strings.Cut(want, " ")
			tested[code] = true
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok {
			if code, err := strconv.Unquote(literal.Value); err != nil || !tested[code] {
				t.Errorf("no case for %s, %v", literal.Value, err)
			}
		}
		return true
	})
}

func TestOnlyAllows(t *testing.T) {
	t.Parallel()
	const arn = api + "/dev/GET/pets"
	tests := []struct {
		name, text string
		want       bool
	}{
		{"its own method ARN", allowResource("$D/GET/pets"), true},
		{"its own method ARN and what covers nothing", allowResource("$D/GET/pets", "pets"), true},
		{"another ARN", allowResource("$D/GET/toys"), false},
		{"two ARNs", allowResource("$D/GET/pets", "$D/GET/toys"), false},
		{"a star", allowResource("$D/GET/pets*"), false},
		{"a variable", allowResource("$D/GET/${aws:userid}"), false},
		{"everything but", allow(`"Action":"*","NotResource":"` + arn + `"`), false},
		{"another action", allow(`"Action":"execute-api:InvalidateCache","Resource":"` + arn + `"`), false},
		{"a Deny", strings.Replace(allowResource("$D/GET/pets"), "Allow", "Deny", 1), false},
	}
	for _, test := range tests {
		if got := mustParse(t, test.text).OnlyAllows(arn); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}
