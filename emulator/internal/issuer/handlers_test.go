package issuer_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/emulator/internal/issuer"
	"gatewayd/handlers"
)

// transport takes every request to the issuer, without a network.
type transport struct{ handler http.Handler }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	http.StripPrefix("/issuer", t.handler).ServeHTTP(w, r)
	return w.Result(), nil
}

// The authorizer of the tutorials accepts what the issuer gives, and nothing that is wrong with it.
func TestTutorialAuthorizer(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, issuer.Options{})
	environment := map[string]string{
		"TOKEN_ISSUER": issuerURL,
		"JWKS_URI":     issuerURL + ".well-known/jwks.json",
		"AUDIENCE":     issuer.DefaultAudience,
	}
	authorize, ok := handlers.New(handlers.Options{
		Getenv: func(name string) string { return environment[name] },
		Now:    present,
		Client: &http.Client{Transport: transport{i.Handler()}},
	})["jwt-rs256"].(func(context.Context, events.APIGatewayCustomAuthorizerRequest) (handlers.Authorization, error))
	if !ok {
		t.Fatal("jwt-rs256 has another signature")
	}
	authorized := func(request issuer.Request) (handlers.Authorization, error) {
		return authorize(t.Context(), events.APIGatewayCustomAuthorizerRequest{
			Type: "TOKEN", AuthorizationToken: "Bearer " + mint(t, i, request),
			MethodArn: "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/pets",
		})
	}
	for _, kind := range issuer.Cases() {
		got, err := authorized(issuer.Request{Case: kind, Scopes: []string{"read:pets", "write:pets"}})
		switch {
		case kind != issuer.Valid:
			if err == nil {
				t.Errorf("%s: allowed", kind)
			}
		case err != nil:
			t.Errorf("%s: %v", kind, errors.Unwrap(err))
		case got.PrincipalID != issuer.DefaultSubject || got.Context["scope"] != "read:pets write:pets":
			t.Errorf("%s: principal %q, context %q", kind, got.PrincipalID, got.Context)
		}
	}
	if err := i.Rotate(); err != nil {
		t.Fatal(err)
	}
	if _, err := authorized(issuer.Request{}); err != nil {
		t.Errorf("after a rotation: %v", errors.Unwrap(err))
	}
}
