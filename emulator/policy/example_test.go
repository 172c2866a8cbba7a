package policy_test

import (
	"errors"
	"fmt"

	"gatewayd/emulator/policy"
)

const document = `{
	"Version": "2012-10-17",
	"Statement": [
		{
			"Sid": "Read",
			"Effect": "Allow",
			"Action": "execute-api:Invoke",
			"Resource": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets/*"
		},
		{
			"Sid": "Office",
			"Effect": "Deny",
			"Action": "*",
			"Resource": "*",
			"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
		}
	]
}`

func Example() {
	p, err := policy.Parse([]byte(document))
	if err != nil {
		fmt.Println(err)
		return
	}
	request := &policy.Request{
		Resource: "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets/7",
		Context:  policy.MapContext{"aws:sourceip": {"203.0.113.9"}},
	}
	fmt.Println(p.Decide(request))
	request.Context = policy.MapContext{"aws:sourceip": {"198.51.100.1"}}
	fmt.Println(p.Decide(request))
	// Output:
	// Allow 0
	// ExplicitDeny 1
}

func ExampleParse() {
	_, err := policy.Parse([]byte(`{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": null}]}`))
	if fault, ok := errors.AsType[*policy.SyntaxError](err); ok {
		fmt.Println(fault.Path)
		fmt.Println(fault.Msg)
	}
	// Output:
	// Statement[0].Condition
	// null is not allowed; it has to be an object of operators; leave Condition out where there is none
}

func ExamplePolicy_Explain() {
	p, err := policy.Parse([]byte(document))
	if err != nil {
		fmt.Println(err)
		return
	}
	verdict, diagnostic := p.Explain(&policy.Request{
		Resource: "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets",
		Context:  policy.MapContext{"aws:sourceip": {"203.0.113.9"}},
	})
	fmt.Println(verdict, "-", diagnostic.Reason)
	for _, s := range diagnostic.Statements {
		fmt.Printf("%s: %s: %s (%s, %s)\n", s.Sid, s.FailedOn, s.Reason, s.Rule.ID, s.Rule.Confidence)
	}
	// Output:
	// ImplicitDeny - no statement applies to the request
	// Read: Resource: the ARN ends at byte 66, where the pattern goes on with "/*" (W1, documented)
	// Office: Condition: aws:SourceIp 203.0.113.9 against 203.0.113.0/24: NotIpAddress does not hold (C50, documented)
}

func ExamplePolicy_Findings() {
	p, err := policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "execute-api:Invoke",
		"Resource": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/ANY/pets/{id}"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, finding := range p.Findings() {
		fmt.Printf("%s: %s: %s\n", finding.Path, finding.Code, finding.Message)
	}
	// Output:
	// Version: missing-version: there is no Version, which means 2008-10-17: policy variables are plain text; write "2012-10-17"
	// Statement.Resource: method-any: ANY is not a wildcard: the ARN has the request's own method; write *
	// Statement.Resource: path-template: the path is the requested one, with parameters filled in: "{id}" only covers itself; write *
}

func ExamplePolicy_OnlyAllows() {
	const methodARN = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets"
	p, err := policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
		"Action": "execute-api:Invoke", "Resource": "` + methodARN + `"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	// Cached, this policy refuses the caller's next request to another route.
	fmt.Println(p.OnlyAllows(methodARN))
	// Output:
	// true
}

func ExampleParseResourcePolicy() {
	p, err := policy.ParseResourcePolicy([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny",
		"Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/DELETE/*"}}`),
		"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p)
	// Output:
	// {"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/*/DELETE/*"}]}
}

func ExampleCombine() {
	// A resource policy that allows lets through what an authorizer's policy is
	// silent on.
	fmt.Println(policy.Combine(policy.ImplicitDeny, policy.Allow))
	// Output:
	// Allow
}
