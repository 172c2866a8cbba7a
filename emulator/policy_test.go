package emulator_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/policy"
)

func ExampleEvaluatePolicy() {
	document := `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets/*"}]}`
	got := emulator.EvaluatePolicy([]byte(document), policy.Request{Resource: "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets"})
	fmt.Println(got.Decision)
	for _, s := range got.Statements {
		fmt.Println(s.Index, s.Effect, s.Matched, s.FailedOn, s.Reason)
	}
	for _, f := range got.Findings {
		fmt.Println(f.Code, f.Message)
	}
	// Output:
	// ImplicitDeny
	// 0 Allow false Resource the ARN ends at byte 66, where the pattern goes on with "/*"
	// children-without-path "pets/*" does not cover "pets"
}

// Keys that differ in case only are one: with two values, which IpAddress does not take.
func TestConditionContext(t *testing.T) {
	t.Parallel()
	document := []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"aws:SourceIp":"false"}}}]}`)
	tests := []struct {
		name string
		keys map[string][]string
		want string
	}{
		{name: "none", want: "ImplicitDeny"},
		{name: "without values", keys: map[string][]string{"aws:SourceIp": nil}, want: "ImplicitDeny"},
		{name: "one", keys: map[string][]string{"aws:SourceIp": {"192.0.2.1"}}, want: "Allow"},
		{name: "an empty spelling and one that is not", keys: map[string][]string{"aws:SourceIp": nil, "AWS:SOURCEIP": {"192.0.2.1"}}, want: "Allow"},
	}
	for _, tt := range tests {
		got := emulator.EvaluatePolicy(document, policy.Request{Context: emulator.ConditionContext(tt.keys)})
		if got.Decision != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got.Decision, tt.want)
		}
	}
	both := emulator.ConditionContext(map[string][]string{"b": {"3"}, "B": {"1", "2"}})
	if got, ok := both.Values("b"); !ok || !cmp.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("values %q", got)
	}
}

func TestPolicyMatrix(t *testing.T) {
	t.Parallel()
	const routes = `
api: { name: test, id: a1b2c3d4e5, stage: dev }
authorizers: { auth: { function: one } }
defaultAuthorizer: auth
routes:
  GET /: one
  GET /pets/{petId}: one
  ANY /files/{path+}: one
  DELETE /files/{path+}: one
  ANY /open: { function: one, authorizer: NONE }
  ANY /all: one
  GET /all: one
  POST /all: one
  PUT /all: one
  PATCH /all: one
  DELETE /all: one
  HEAD /all: one
  OPTIONS /all: one
`
	const stage = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/"
	g := emulatortest.Run(t, emulator.Routes(routes), emulator.Functions{"one": answer("")}, nil)
	parsed, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"*","Resource":["` + stage + `GET/","` + stage + `GET/pets/*","` + stage + `GET/files/*","` + stage + `*/open"]},
		{"Effect":"Deny","Action":"*","Resource":"` + stage + `DELETE/*"},
		{"Effect":"Deny","Action":"*","Resource":"` + stage + `GET/pets/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Key, Authorizer, ARN string
		Decision             policy.Verdict
	}
	matrix := func(context policy.Context) []row {
		var rows []row
		for _, d := range g.PolicyMatrix(parsed, context) {
			if d.Reason == "" {
				t.Errorf("%s %s: no reason", d.Method, d.Path)
			}
			rows = append(rows, row{d.Method + " " + d.Path, d.Authorizer, d.MethodARN[len(stage):], d.Decision})
		}
		return rows
	}
	want := []row{
		{"GET /", "auth", "GET/", policy.Allow},
		{"GET /pets/{petId}", "auth", "GET/pets/PETID", policy.Allow},
		// The methods of ANY differ, and DELETE is another route's.
		{"GET /files/{path+}", "auth", "GET/files/PATH", policy.Allow},
		{"POST /files/{path+}", "auth", "POST/files/PATH", policy.ImplicitDeny},
		{"PUT /files/{path+}", "auth", "PUT/files/PATH", policy.ImplicitDeny},
		{"PATCH /files/{path+}", "auth", "PATCH/files/PATH", policy.ImplicitDeny},
		{"HEAD /files/{path+}", "auth", "HEAD/files/PATH", policy.ImplicitDeny},
		{"OPTIONS /files/{path+}", "auth", "OPTIONS/files/PATH", policy.ImplicitDeny},
		{"DELETE /files/{path+}", "auth", "DELETE/files/PATH", policy.ExplicitDeny},
		{"GET /open", "", "GET/open", policy.Allow},
		{"POST /open", "", "POST/open", policy.Allow},
		{"PUT /open", "", "PUT/open", policy.Allow},
		{"PATCH /open", "", "PATCH/open", policy.Allow},
		{"DELETE /open", "", "DELETE/open", policy.ExplicitDeny},
		{"HEAD /open", "", "HEAD/open", policy.Allow},
		{"OPTIONS /open", "", "OPTIONS/open", policy.Allow},
		{"ANY /all", "auth", "ANY/all", policy.ImplicitDeny},
		{"GET /all", "auth", "GET/all", policy.ImplicitDeny},
		{"POST /all", "auth", "POST/all", policy.ImplicitDeny},
		{"PUT /all", "auth", "PUT/all", policy.ImplicitDeny},
		{"PATCH /all", "auth", "PATCH/all", policy.ImplicitDeny},
		{"DELETE /all", "auth", "DELETE/all", policy.ExplicitDeny},
		{"HEAD /all", "auth", "HEAD/all", policy.ImplicitDeny},
		{"OPTIONS /all", "auth", "OPTIONS/all", policy.ImplicitDeny},
	}
	if diff := cmp.Diff(want, matrix(nil)); diff != "" {
		t.Errorf("matrix (-want +got):\n%s", diff)
	}
	want[1].Decision = policy.ExplicitDeny
	insecure := emulator.ConditionContext(map[string][]string{"aws:SecureTransport": {"false"}})
	if diff := cmp.Diff(want, matrix(insecure)); diff != "" {
		t.Errorf("matrix without TLS (-want +got):\n%s", diff)
	}
}

func ExampleEmulator_PolicyMatrix() {
	e, err := emulator.New(emulator.Routes(petstore), emulator.Functions{
		"authorize": emulator.Func(authorize), "pets": emulator.Func(pets),
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	parsed, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"execute-api:Invoke",
		"Resource":"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets/*"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range e.PolicyMatrix(parsed, nil) {
		fmt.Println(d.Method, d.Path, d.Decision, d.MethodARN)
	}
	// Output:
	// GET /pets ImplicitDeny arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets
	// GET /pets/{petId} Allow arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets/PETID
}
