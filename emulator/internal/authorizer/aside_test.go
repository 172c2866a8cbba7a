package authorizer_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/internal/event"
)

func TestAside(t *testing.T) {
	t.Parallel()
	declared := &apigw.Authorizer{
		Name: "a", Type: apigw.TokenAuthorizer, Function: "f", ResultTTL: time.Minute, ValidationExpression: "^B.*",
		IdentitySources: []apigw.IdentitySource{{Name: "Authorization"}}, Position: apigw.Position{File: "routes.yaml", Line: 1, Column: 1},
	}
	a, err := authorizer.New(declared, time.Second, func(context.Context, string, []byte) ([]byte, error) { return nil, nil }, authorizer.NewStore())
	if err != nil {
		t.Fatal(err)
	}
	a.WithStrict(true).WithTyped(func(context.Context, string, *event.Request, string) ([]byte, error) { return nil, nil }).WithRequestIDs(func() string { return "id" })
	a.Results().Put("Bearer one", result("one", epoch()))
	a.Results().Put("Bearer two", result("two", epoch()))
	aside := a.Aside()

	// It is the same but for where results and compiled policies are kept, whatever fields an authorizer may get. There is
	// nobody to share a call with.
	for of, i := reflect.ValueOf(a).Elem(), 0; i < of.NumField(); i++ {
		name := of.Type().Field(i).Name
		if name == "results" || name == "policies" || name == "coalesce" {
			continue
		}
		if field := reflect.ValueOf(aside).Elem().Field(i); field.IsZero() {
			t.Errorf("%s was left behind", name)
		}
	}
	if got := aside.Results().All(epoch()); len(got) != 2 || got[0].Key != "Bearer two" || got[0].Result != a.Results().Get("Bearer two", epoch()) {
		t.Errorf("results: %v", got)
	}
	aside.Results().Put("Bearer three", result("three", epoch()))
	a.Results().Clear()
	if a.Results().Len() != 0 || aside.Results().Len() != 3 {
		t.Errorf("%d and %d results, want 0 and 3", a.Results().Len(), aside.Results().Len())
	}
}
