// Package authpolicy builds what a Lambda authorizer returns: a principal and an IAM policy that says which methods of an API
// the caller may use. It is the AuthPolicy class of AWS's authorizer blueprints (Node.js and Python) for functions in Go, with
// the same rules and the same documents.
//
// Name the methods, then build:
//
//	policy, err := authpolicy.ForMethod("user|a1b2c3d4", event.MethodArn)
//	if err != nil {
//		return authpolicy.Response{}, err
//	}
//	policy.AllowMethod(http.MethodGet, "/pets/*")
//	policy.DenyMethod(http.MethodGet, "/pets/internal")
//	return policy.Build()
//
// API Gateway keeps an authorizer's answer for the authorizer's result TTL and judges the caller's other requests by it. So
// a policy should cover every method that the caller may use, not only the one that is being called.
//
// The response types of [github.com/aws/aws-lambda-go/events] have no Condition, and a Condition that is null is refused by
// API Gateway. [Response] has one, and leaves it out where there is none.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html.
package authpolicy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// AllMethods is the verb that stands for every HTTP method.
const AllMethods = "*"

// The reasons why [AuthPolicy.Build] and [ForMethod] refuse.
var (
	// ErrVerb says that a verb is neither one of API Gateway's methods, in upper case, nor [AllMethods].
	ErrVerb = errors.New("verb is not an HTTP method of API Gateway")
	// ErrPath says that a resource path is empty or has a character other than letters, digits and / . - *.
	ErrPath = errors.New("resource path may hold only letters, digits and / . - *")
	// ErrConditions says that a condition has an operator without keys, or a key without values.
	ErrConditions = errors.New("condition without keys or values")
	// ErrNoStatements says that no method was allowed or denied.
	ErrNoStatements = errors.New("no statements defined for the policy")
	// ErrMethodARN says that a method ARN has not the form arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/….
	ErrMethodARN = errors.New("not the ARN of an API Gateway method")
)

// Conditions are the conditions of a statement: condition operator, condition key, values, for example
//
//	authpolicy.Conditions{"IpAddress": {"aws:SourceIp": {"192.0.2.0/24"}}}
//
// All of them must hold; of the values of a key, one.
type Conditions map[string]map[string][]string

// AuthPolicy collects the methods that a principal may and may not use. Its zero value is usable; a field of the ARN that is
// empty stands for any. It is not safe for concurrent use: make one for each invocation.
type AuthPolicy struct {
	PrincipalID string // who is calling, as the API's logs and integrations see it
	AccountID   string // the AWS account that owns the API
	Partition   string // "aws" if empty
	Region      string // "*" if empty
	RestAPIID   string // "*" if empty
	Stage       string // "*" if empty

	// Context is handed to the integration. Its values must be strings, numbers or booleans, each of which arrives as a string;
	// API Gateway answers 500 to a list or an object (rest-authorizer 5.13).
	Context map[string]any

	// UsageIdentifierKey is the value of a usage plan's API key; it counts when the API takes its keys from the authorizer.
	UsageIdentifierKey string

	allowed, denied []method
	problems        []error
}

type method struct {
	verb, path string
	conditions Conditions
}

// New returns a policy without methods for every API of an account.
func New(principalID, accountID string) *AuthPolicy {
	return &AuthPolicy{PrincipalID: principalID, AccountID: accountID}
}

// ForMethod returns a policy without methods for the API and the stage that methodARN belongs to. An authorizer finds that ARN
// in its event. The error is [ErrMethodARN].
func ForMethod(principalID, methodARN string) (*AuthPolicy, error) {
	// What comes after the stage is the caller's path and may hold colons of its own (rest-authorizer 4.6).
	arn := strings.SplitN(methodARN, ":", 6)
	if len(arn) != 6 || arn[0] != "arn" || arn[2] != "execute-api" {
		return nil, fmt.Errorf("%q: %w", methodARN, ErrMethodARN)
	}
	api, rest, _ := strings.Cut(arn[5], "/")
	stage, _, _ := strings.Cut(rest, "/")
	if api == "" || stage == "" {
		return nil, fmt.Errorf("%q: %w", methodARN, ErrMethodARN)
	}
	return &AuthPolicy{
		PrincipalID: principalID,
		AccountID:   arn[4],
		Partition:   arn[1],
		Region:      arn[3],
		RestAPIID:   api,
		Stage:       stage,
	}, nil
}

// AllowAllMethods allows every method of the API.
func (p *AuthPolicy) AllowAllMethods() { p.AllowMethod(AllMethods, "*") }

// DenyAllMethods denies every method of the API, whatever else is allowed.
func (p *AuthPolicy) DenyAllMethods() { p.DenyMethod(AllMethods, "*") }

// AllowMethod allows a verb on a resource path, such as "GET" on "/pets/*". A * in the path stands for any characters, slashes
// included. A path may hold letters, digits and / . - * only: write * for the other characters of a resource. What is wrong
// with the arguments is reported by [AuthPolicy.Build].
func (p *AuthPolicy) AllowMethod(verb, path string) { p.AllowMethodWithConditions(verb, path, nil) }

// DenyMethod denies a verb on a resource path, whatever else is allowed. Its arguments are those of [AuthPolicy.AllowMethod].
func (p *AuthPolicy) DenyMethod(verb, path string) { p.DenyMethodWithConditions(verb, path, nil) }

// AllowMethodWithConditions is [AuthPolicy.AllowMethod] for requests that meet the conditions. Without any it is the same.
func (p *AuthPolicy) AllowMethodWithConditions(verb, path string, conditions Conditions) {
	p.allowed = p.add(p.allowed, verb, path, conditions)
}

// DenyMethodWithConditions is [AuthPolicy.DenyMethod] for requests that meet the conditions. Without any it is the same.
func (p *AuthPolicy) DenyMethodWithConditions(verb, path string, conditions Conditions) {
	p.denied = p.add(p.denied, verb, path, conditions)
}

// Build returns the authorizer's answer: for each effect, one statement for each method with conditions, then one for all
// the methods without. The error joins everything that was wrong with the methods, so that a policy never lacks a denial that
// was asked for; errors.Is finds [ErrVerb], [ErrPath], [ErrConditions] and [ErrNoStatements] in it.
func (p *AuthPolicy) Build() (Response, error) {
	if err := errors.Join(p.problems...); err != nil {
		return Response{}, err
	}
	statements := slices.Concat(p.statements(Allow, p.allowed), p.statements(Deny, p.denied))
	if len(statements) == 0 {
		return Response{}, ErrNoStatements
	}
	return Response{
		PrincipalID:        p.PrincipalID,
		PolicyDocument:     PolicyDocument{Version: Version, Statement: statements},
		Context:            maps.Clone(p.Context),
		UsageIdentifierKey: p.UsageIdentifierKey,
	}, nil
}

func (p *AuthPolicy) add(methods []method, verb, path string, conditions Conditions) []method {
	if err := check(verb, path, conditions); err != nil {
		p.problems = append(p.problems, err)
		return methods
	}
	return append(methods, method{verb: verb, path: strings.TrimPrefix(path, "/"), conditions: conditions.clone()})
}

func (p *AuthPolicy) statements(effect Effect, methods []method) []Statement {
	var statements []Statement
	main := Statement{Action: Action, Effect: effect}
	for _, m := range methods {
		if len(m.conditions) == 0 {
			main.Resource = append(main.Resource, p.arn(m))
			continue
		}
		statements = append(statements, Statement{
			Action:    Action,
			Effect:    effect,
			Resource:  []string{p.arn(m)},
			Condition: m.conditions,
		})
	}
	if len(main.Resource) > 0 {
		statements = append(statements, main)
	}
	return statements
}

func (p *AuthPolicy) arn(m method) string {
	or := func(value, otherwise string) string {
		if value == "" {
			return otherwise
		}
		return value
	}
	return "arn:" + or(p.Partition, "aws") + ":execute-api:" + or(p.Region, "*") + ":" + or(p.AccountID, "*") + ":" +
		or(p.RestAPIID, "*") + "/" + or(p.Stage, "*") + "/" + m.verb + "/" + m.path
}

func check(verb, path string, conditions Conditions) error {
	switch verb {
	case "GET", "POST", "PUT", "PATCH", "HEAD", "DELETE", "OPTIONS", AllMethods:
	default:
		return fmt.Errorf("verb %q: %w", verb, ErrVerb)
	}
	outside := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("/.-*", r)
	}
	if path == "" || strings.ContainsFunc(path, outside) {
		return fmt.Errorf("path %q: %w", path, ErrPath)
	}
	for _, operator := range slices.Sorted(maps.Keys(conditions)) {
		if len(conditions[operator]) == 0 {
			return fmt.Errorf("%s on %s %s: %w", operator, verb, path, ErrConditions)
		}
		for _, key := range slices.Sorted(maps.Keys(conditions[operator])) {
			if len(conditions[operator][key]) == 0 {
				return fmt.Errorf("%s of %s on %s %s: %w", key, operator, verb, path, ErrConditions)
			}
		}
	}
	return nil
}

func (c Conditions) clone() Conditions {
	copied := maps.Clone(c)
	for operator, keys := range copied {
		keys = maps.Clone(keys)
		for key, values := range keys {
			keys[key] = slices.Clone(values)
		}
		copied[operator] = keys
	}
	return copied
}
