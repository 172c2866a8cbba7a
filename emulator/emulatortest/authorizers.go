package emulatortest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"gatewayd/emulator"
)

// event is what the ready-made authorizers read of theirs, whether TOKEN or REQUEST.
type event struct {
	Token   string            `json:"authorizationToken"`
	ARN     string            `json:"methodArn"`
	Headers map[string]string `json:"headers"`
}

// Answer is what an authorizer answers.
type Answer struct {
	PrincipalID        string         `json:"principalId"`
	Policy             Policy         `json:"policyDocument"`
	Context            map[string]any `json:"context,omitempty"`
	UsageIdentifierKey string         `json:"usageIdentifierKey,omitempty"`
}

// Policy is the policy of an [Answer].
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement is a statement of a [Policy].
type Statement struct {
	Effect   string
	Action   string
	Resource []string
}

// NewAnswer returns the answer of an authorizer that allows or denies resources: "Allow" or "Deny", and method ARNs, which may
// hold wildcards. Without resources it is about every method. A [Scripted] authorizer, or one of the test's own, may add to it.
func NewAnswer(effect, principalID string, resources ...string) Answer {
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	return Answer{PrincipalID: principalID, Policy: Policy{"2012-10-17", []Statement{{effect, "execute-api:Invoke", slices.Clone(resources)}}}}
}

// Allow is an authorizer that lets a principal call resources, which are method ARNs and may hold wildcards; every method if none
// are given.
func Allow(principalID string, resources ...string) lambda.Handler {
	return Answers(NewAnswer("Allow", principalID, resources...))
}

// AllowRequested is an authorizer that lets a principal call the one method that was requested. While its results are kept, they
// refuse the others: the classic surprise.
func AllowRequested(principalID string) lambda.Handler {
	return emulator.Func(func(_ context.Context, e event) (Answer, error) { return NewAnswer("Allow", principalID, e.ARN), nil })
}

// Deny is an authorizer whose policy denies a principal every method: 403.
func Deny(principalID string) lambda.Handler { return Answers(NewAnswer("Deny", principalID)) }

// Answers is an authorizer that always gives the same answer, [Answer] or anything else that becomes JSON.
func Answers(answer any) lambda.Handler {
	return emulator.Func(func(context.Context, json.RawMessage) (any, error) { return answer, nil })
}

// Unauthorized is an authorizer that refuses every token: 401.
func Unauthorized() lambda.Handler { return Broken("Unauthorized") }

// Broken is an authorizer that fails with an error: 500, whatever its text, unless that is Unauthorized.
func Broken(message string) lambda.Handler {
	return emulator.Func(func(context.Context, json.RawMessage) (any, error) { return nil, errors.New(message) })
}

// Slow is a function that takes its time before another answers. In testing/synctest that is none. It is interrupted when
// the gateway does not wait any longer.
func Slow(delay time.Duration, then lambda.Handler) lambda.Handler {
	return emulator.Func(func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
			return then.Invoke(ctx, payload)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
}

// Scripted is a function whose calls are answered by one function after the other; the last answers all that follow. Without
// any, every call fails.
//
//	emulatortest.Scripted(emulatortest.Allow("user-1"), emulatortest.Unauthorized()) // the token is revoked after the first call
func Scripted(functions ...lambda.Handler) lambda.Handler {
	var mu sync.Mutex
	next := func() lambda.Handler {
		mu.Lock()
		defer mu.Unlock()
		if len(functions) == 0 {
			return Broken("the script has no functions")
		}
		first := functions[0]
		if len(functions) > 1 {
			functions = functions[1:]
		}
		return first
	}
	return emulator.Func(func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		return next().Invoke(ctx, payload)
	})
}

// ByToken is an authorizer that answers each token by a function of its own, and any other with Unauthorized. The token is what
// a TOKEN authorizer is given, and for a REQUEST authorizer the header Authorization.
func ByToken(functions map[string]lambda.Handler) lambda.Handler {
	unauthorized := Unauthorized()
	return emulator.Func(func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		var e event
		if err := json.Unmarshal(payload, &e); err != nil {
			return nil, err
		}
		token := e.Token
		if token == "" {
			token = e.Headers["Authorization"]
		}
		if function, ok := functions[token]; ok {
			return function.Invoke(ctx, payload)
		}
		return unauthorized.Invoke(ctx, payload)
	})
}
