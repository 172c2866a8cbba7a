package apigw_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
)

// An API that was made in code gets its OPTIONS methods with its defaults, and once.
func TestPreflights(t *testing.T) {
	t.Parallel()
	a := apigw.API{
		CORS:   &apigw.CORS{AllowHeaders: []string{"X"}},
		Routes: []apigw.Route{{Method: "GET", Path: "/a"}, {Method: "OPTIONS", Path: "/b"}, {Method: "POST", Path: "/a"}},
	}
	a.SetDefaults()
	a.SetDefaults()
	var keys []string
	for i := range a.Routes {
		keys = append(keys, a.Routes[i].Key())
	}
	if diff := cmp.Diff([]string{"GET /a", "OPTIONS /b", "POST /a", "OPTIONS /a"}, keys); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
	made := a.Routes[3]
	want := []apigw.MockHeader{
		{Name: "Access-Control-Allow-Origin", Value: "*"},
		{Name: "Access-Control-Allow-Headers", Value: "X"},
		{Name: "Access-Control-Allow-Methods", Value: "GET,OPTIONS,POST"},
	}
	if diff := cmp.Diff(want, made.Mock.Headers); diff != "" || made.Authorizer != apigw.None || !made.Preflight {
		t.Errorf("got %+v, -want +got:\n%s", made, diff)
	}
}
