package authorizer_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/policy"
)

// policyOf is the policy of an authorizer's answer to one more call.
func policyOf(t testing.TB, a *authorizer.Authorizer) *policy.Policy {
	t.Helper()
	r := bearer("abc")
	id, _ := a.Identify(r)
	result, _, refusal := a.Call(t.Context(), r, id)
	if refusal != nil {
		t.Fatal(refusal.Reason)
	}
	return result.Policy
}

// Answers with the same document share its policy.
func TestPoliciesAreShared(t *testing.T) {
	t.Parallel()
	a := compile(t, token(), answer, nil)
	if first, again := policyOf(t, a), policyOf(t, a); first != again {
		t.Error("the same document was compiled twice")
	}
	if other := policyOf(t, compile(t, token(), answer, nil)); other == policyOf(t, a) {
		t.Error("two authorizers share a policy")
	}
}

// However many documents there are, and however large, each answer has its own.
func TestPoliciesAreBounded(t *testing.T) {
	t.Parallel()
	const large, documents = 900_000, 12
	var next string
	definition := token()
	invoke := func(context.Context, string, []byte) ([]byte, error) { return []byte(next), nil }
	a, err := authorizer.New(&definition, time.Second, invoke, authorizer.NewStore())
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		for i := range documents {
			resource := fmt.Sprintf("arn:aws:execute-api:*:*:*/dev/GET/%d/%s", i, strings.Repeat("x", large))
			next = `{"principalId":"user","policyDocument":` + strings.Replace(document, methodARN, resource, 1) + `}`
			if verdict, _ := policyOf(t, a).Decide(&policy.Request{Resource: strings.ReplaceAll(resource, "*", "1")}); verdict != policy.Allow {
				t.Errorf("round %d, document %d: %v", round, i, verdict)
			}
		}
	}
}
