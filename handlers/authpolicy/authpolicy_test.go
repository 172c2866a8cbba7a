package authpolicy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/handlers/authpolicy"
)

const methodARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/GET/pets"

// The blueprints, as published, deny all methods whatever the token.
func TestBlueprints(t *testing.T) {
	t.Parallel()
	recorded, err := os.ReadFile("testdata/aws/blueprints.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(recorded) {
		var c struct {
			Source string
			Event  struct{ MethodArn, AuthorizationToken string }
			Reply  json.RawMessage
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.Source+" "+c.Event.AuthorizationToken, func(t *testing.T) {
			t.Parallel()
			policy, err := authpolicy.ForMethod("user|a1b2c3d4", c.Event.MethodArn)
			if err != nil {
				t.Fatal(err)
			}
			policy.DenyAllMethods()
			policy.Context = map[string]any{"key": "value", "number": 1, "bool": true}
			if diff := cmp.Diff(parse(t, c.Reply), parse(t, build(t, policy))); diff != "" {
				t.Errorf("the blueprint's reply (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	office := authpolicy.Conditions{"IpAddress": {"aws:SourceIp": {"192.0.2.0/24", "198.51.100.7"}}}
	tests := []struct {
		name string
		add  func(*authpolicy.AuthPolicy)
		want string // the statements
	}{
		{
			name: "allow all",
			add:  (*authpolicy.AuthPolicy).AllowAllMethods,
			want: `[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":["A/*/*"]}]`,
		},
		{
			name: "allow before deny, each in the order of its calls",
			add: func(p *authpolicy.AuthPolicy) {
				p.DenyMethod("DELETE", "/pets/*")
				p.AllowMethod("GET", "/pets")
				p.AllowMethod(authpolicy.AllMethods, "a/b.c-d/1")
			},
			want: `[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":["A/GET/pets","A/*/a/b.c-d/1"]},` +
				`{"Action":"execute-api:Invoke","Effect":"Deny","Resource":["A/DELETE/pets/*"]}]`,
		},
		{
			name: "a statement for each condition, before the main one",
			add: func(p *authpolicy.AuthPolicy) {
				p.AllowMethod("GET", "/pets")
				p.AllowMethodWithConditions("POST", "/pets", office)
				p.DenyMethodWithConditions("GET", "/pets/1", office)
			},
			want: `[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":["A/POST/pets"],"Condition":{"IpAddress":{"aws:SourceIp":["192.0.2.0/24","198.51.100.7"]}}},` +
				`{"Action":"execute-api:Invoke","Effect":"Allow","Resource":["A/GET/pets"]},` +
				`{"Action":"execute-api:Invoke","Effect":"Deny","Resource":["A/GET/pets/1"],"Condition":{"IpAddress":{"aws:SourceIp":["192.0.2.0/24","198.51.100.7"]}}}]`,
		},
		{
			name: "no conditions",
			add:  func(p *authpolicy.AuthPolicy) { p.DenyMethodWithConditions("GET", "/", authpolicy.Conditions{}) },
			want: `[{"Action":"execute-api:Invoke","Effect":"Deny","Resource":["A/GET/"]}]`,
		},
		{
			name: "only the first slash is cut off",
			add:  func(p *authpolicy.AuthPolicy) { p.AllowMethod("GET", "//pets/") },
			want: `[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":["A/GET//pets/"]}]`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			policy, err := authpolicy.ForMethod("u", methodARN)
			if err != nil {
				t.Fatal(err)
			}
			test.add(policy)
			statements := strings.ReplaceAll(test.want, `"A/`, `"arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/`)
			want := `{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":` + statements + `}}`
			if diff := cmp.Diff(want, string(build(t, policy))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		add  func(*authpolicy.AuthPolicy)
		want error
	}{
		{"nothing", func(*authpolicy.AuthPolicy) {}, authpolicy.ErrNoStatements},
		{"no verb", func(p *authpolicy.AuthPolicy) { p.AllowMethod("", "/") }, authpolicy.ErrVerb},
		{"lower case", func(p *authpolicy.AuthPolicy) { p.AllowMethod("get", "/") }, authpolicy.ErrVerb},
		{"the name of *", func(p *authpolicy.AuthPolicy) { p.AllowMethod("ALL", "/") }, authpolicy.ErrVerb},
		{"no HTTP method of a REST API", func(p *authpolicy.AuthPolicy) { p.DenyMethod("TRACE", "/") }, authpolicy.ErrVerb},
		{"no path", func(p *authpolicy.AuthPolicy) { p.AllowMethod("GET", "") }, authpolicy.ErrPath},
		{"a template", func(p *authpolicy.AuthPolicy) { p.AllowMethod("GET", "/pets/{petId}") }, authpolicy.ErrPath},
		{"underscore", func(p *authpolicy.AuthPolicy) { p.DenyMethod("GET", "/a_b") }, authpolicy.ErrPath},
		{"last a line feed", func(p *authpolicy.AuthPolicy) { p.AllowMethod("GET", "/pets\n") }, authpolicy.ErrPath},
		{"not ASCII", func(p *authpolicy.AuthPolicy) { p.AllowMethod("GET", "/é") }, authpolicy.ErrPath},
		{"an operator without keys", func(p *authpolicy.AuthPolicy) {
			p.DenyMethodWithConditions("GET", "/", authpolicy.Conditions{"StringEquals": nil})
		}, authpolicy.ErrConditions},
		{"a key without values", func(p *authpolicy.AuthPolicy) {
			p.DenyMethodWithConditions("GET", "/", authpolicy.Conditions{"StringEquals": {"aws:UserAgent": nil}})
		}, authpolicy.ErrConditions},
		{"one denial among good methods", func(p *authpolicy.AuthPolicy) {
			p.AllowAllMethods()
			p.DenyMethod("DELETE", "/pets/{petId}")
		}, authpolicy.ErrPath},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			policy := authpolicy.New("u", "123456789012")
			test.add(policy)
			if got, err := policy.Build(); !errors.Is(err, test.want) {
				t.Errorf("Build() = %v, %v, want error %v", got, err, test.want)
			}
		})
	}
}

func TestBuildReportsEverything(t *testing.T) {
	t.Parallel()
	policy := authpolicy.New("u", "123456789012")
	policy.AllowMethod("FETCH", "/")
	policy.DenyMethod("GET", "a b")
	_, err := policy.Build()
	if !errors.Is(err, authpolicy.ErrVerb) || !errors.Is(err, authpolicy.ErrPath) {
		t.Errorf("Build() error = %v, want both ErrVerb and ErrPath", err)
	}
}

// What was built stays as it is, whatever happens to the arguments and to the policy.
func TestBuildCopies(t *testing.T) {
	t.Parallel()
	conditions := authpolicy.Conditions{"IpAddress": {"aws:SourceIp": {"192.0.2.1"}}}
	policy := authpolicy.New("u", "123456789012")
	policy.Context = map[string]any{"tenant": "acme"}
	policy.AllowMethodWithConditions("GET", "/", conditions)
	conditions["IpAddress"]["aws:SourceIp"][0] = "0.0.0.0/0"
	built, err := policy.Build()
	if err != nil {
		t.Fatal(err)
	}
	policy.Context["tenant"] = "globex"
	if got := built.PolicyDocument.Statement[0].Condition["IpAddress"]["aws:SourceIp"][0]; got != "192.0.2.1" {
		t.Errorf("condition changed to %q", got)
	}
	if got := built.Context["tenant"]; got != "acme" {
		t.Errorf("context changed to %q", got)
	}
}

func TestForMethod(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, arn, want string // the ARN of GET /x; empty: refused
	}{
		{"usual", methodARN, "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/GET/x"},
		{"colons and slashes in the path (rest-authorizer 4.6)", "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/GET/a:b//c", "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/GET/x"},
		{"the console's Test (rest-authorizer 4.10)", "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/ESTestInvoke-stage/GET/", "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/ESTestInvoke-stage/GET/x"},
		{"another partition", "arn:aws-cn:execute-api:cn-north-1:123456789012:abcdef1234/dev/GET/pets", "arn:aws-cn:execute-api:cn-north-1:123456789012:abcdef1234/dev/GET/x"},
		{"empty", "", ""},
		{"no stage", "arn:aws:execute-api:us-east-1:123456789012:abcdef1234", ""},
		{"no API", "arn:aws:execute-api:us-east-1:123456789012:/dev/GET/", ""},
		{"too short", "arn:aws:execute-api:us-east-1:123456789012", ""},
		{"another service", "arn:aws:lambda:us-east-1:123456789012:function/dev", ""},
		{"no ARN", "urn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/GET/pets", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			policy, err := authpolicy.ForMethod("u", test.arn)
			if test.want == "" {
				if !errors.Is(err, authpolicy.ErrMethodARN) {
					t.Fatalf("ForMethod() error = %v, want ErrMethodARN", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			policy.AllowMethod("GET", "/x")
			built, err := policy.Build()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{test.want}, built.PolicyDocument.Statement[0].Resource); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzForMethod(f *testing.F) {
	f.Add(methodARN, "GET", "/pets")
	f.Add("arn:aws:execute-api:::a/b", "*", "*")
	f.Fuzz(func(t *testing.T, arn, verb, path string) {
		policy, err := authpolicy.ForMethod("u", arn)
		if err != nil {
			return
		}
		policy.AllowMethod(verb, path)
		built, err := policy.Build()
		if err != nil {
			return
		}
		again, err := authpolicy.ForMethod("u", built.PolicyDocument.Statement[0].Resource[0])
		if err != nil {
			t.Fatalf("the ARN of the policy is none: %v", err)
		}
		again.AllowMethod(verb, path)
		if twice, err := again.Build(); err != nil || cmp.Diff(built, twice) != "" {
			t.Errorf("(-once +twice) %v:\n%s", err, cmp.Diff(built, twice))
		}
	})
}

func build(t *testing.T, policy *authpolicy.AuthPolicy) []byte {
	t.Helper()
	response, err := policy.Build()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(response)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parse(t *testing.T, text []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}
