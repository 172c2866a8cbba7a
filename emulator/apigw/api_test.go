package apigw_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
)

func TestSetDefaults(t *testing.T) {
	t.Parallel()
	got := apigw.API{Authorizers: []apigw.Authorizer{{Name: "jwt"}, {Name: "tenant", Type: apigw.RequestAuthorizer}}}
	got.SetDefaults()
	want := apigw.API{
		Name: "api", ID: apigw.DerivedID(10, "api"), Stage: "local", Region: "us-east-1", AccountID: "123456789012", BasePath: "/local",
		IntegrationTimeout: 29 * time.Second, AuthorizerTimeout: 30 * time.Second, APIKeySource: apigw.HeaderKeySource,
		Authorizers: []apigw.Authorizer{
			{
				Name: "jwt", Type: apigw.TokenAuthorizer,
				IdentitySources: []apigw.IdentitySource{{Kind: apigw.HeaderSource, Name: "Authorization"}},
			},
			{Name: "tenant", Type: apigw.RequestAuthorizer},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSetDefaultsKeepsWhatWasSaid(t *testing.T) {
	t.Parallel()
	said := func() apigw.API {
		return apigw.API{
			Name: "petstore", ID: "a1b2c3d4e5", Stage: "dev", Region: "eu-west-1", AccountID: "210987654321", BasePath: "/v1",
			IntegrationTimeout: time.Second, AuthorizerTimeout: 2 * time.Second, APIKeySource: apigw.AuthorizerKeySource,
			Authorizers: []apigw.Authorizer{{
				Name: "jwt", Type: apigw.TokenAuthorizer, ResultTTL: 0,
				IdentitySources: []apigw.IdentitySource{{Kind: apigw.HeaderSource, Name: "X-Auth"}},
			}},
		}
	}
	got := said()
	got.SetDefaults()
	if diff := cmp.Diff(said(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBasePath(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, basePath, want string
		customDomain         bool
	}{
		{name: "left out", want: "/dev"},
		{name: "the stage's place", basePath: "/{stage}", want: "/dev"},
		{name: "the stage's name", basePath: "/dev", want: "/dev"},
		{name: "a slash at the end", basePath: "/dev/", want: "/dev"},
		{name: "another name", basePath: "/delivery", want: "/delivery", customDomain: true},
		{name: "several segments", basePath: "/shop/{stage}", want: "/shop/dev", customDomain: true},
		{name: "none", basePath: "/", want: "", customDomain: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := apigw.API{Stage: "dev", BasePath: tt.basePath}
			a.SetDefaults()
			if a.BasePath != tt.want || a.CustomDomain() != tt.customDomain {
				t.Errorf("got %q, custom domain %t; want %q, %t", a.BasePath, a.CustomDomain(), tt.want, tt.customDomain)
			}
		})
	}
}

func TestARNs(t *testing.T) {
	t.Parallel()
	tests := []struct{ region, stage, function, authorizer string }{
		{
			region:     "us-east-1",
			stage:      "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev",
			function:   "arn:aws:lambda:us-east-1:123456789012:function:pets",
			authorizer: "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/authorizers/",
		},
		{
			region:     "cn-north-1",
			stage:      "arn:aws-cn:execute-api:cn-north-1:123456789012:a1b2c3d4e5/dev",
			function:   "arn:aws-cn:lambda:cn-north-1:123456789012:function:pets",
			authorizer: "arn:aws-cn:execute-api:cn-north-1:123456789012:a1b2c3d4e5/authorizers/",
		},
		{
			region:     "us-gov-west-1",
			stage:      "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:a1b2c3d4e5/dev",
			function:   "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:pets",
			authorizer: "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:a1b2c3d4e5/authorizers/",
		},
	}
	for _, tt := range tests {
		t.Run(tt.region, func(t *testing.T) {
			t.Parallel()
			a := apigw.API{ID: "a1b2c3d4e5", Stage: "dev", Region: tt.region, AccountID: "123456789012"}
			if got, want := a.ARN()+"/dev", tt.stage; got != want {
				t.Errorf("ARN()/dev = %s, want %s", got, want)
			}
			if got := a.StageARN(); got != tt.stage {
				t.Errorf("StageARN() = %s, want %s", got, tt.stage)
			}
			if got := a.FunctionARN("pets"); got != tt.function {
				t.Errorf("FunctionARN() = %s, want %s", got, tt.function)
			}
			want := tt.authorizer + apigw.DerivedID(6, "a1b2c3d4e5", "authorizer", "jwt")
			if got := a.AuthorizerARN("jwt"); got != want {
				t.Errorf("AuthorizerARN() = %s, want %s", got, want)
			}
		})
	}
}

// An identifier must stay what it is from one run to the next: policies and tests are written with it.
func TestDerivedID(t *testing.T) {
	t.Parallel()
	if got, want := apigw.DerivedID(10, "petstore"), "5dgbzhcmfo"; got != want {
		t.Errorf("DerivedID(10, petstore) = %s, want %s", got, want)
	}
	format := regexp.MustCompile(`^[a-z2-7]+$`)
	seen := map[string][]string{}
	for _, parts := range [][]string{{}, {"a", "b"}, {"ab"}, {"a", ""}, {"a"}, {"", "a"}, {"b", "a"}} {
		id := apigw.DerivedID(10, parts...)
		if len(id) != 10 || !format.MatchString(id) {
			t.Errorf("%q gives %q", parts, id)
		}
		if other, again := seen[id]; again {
			t.Errorf("%q and %q give the same %q", parts, other, id)
		}
		seen[id] = parts
	}
}

func TestAuthorizerOf(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, byDefault, route, want string }{
		{name: "its own", byDefault: "jwt", route: "tenant", want: "tenant"},
		{name: "the default", byDefault: "jwt", want: "jwt"},
		{name: "none by default", want: "open"},
		{name: "none of its own", byDefault: "jwt", route: apigw.None, want: "open"},
		{name: "a default of none", byDefault: apigw.None, want: "open"},
		{name: "a name that is not there", byDefault: "jwt", route: "Tenant", want: "open"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := apigw.API{Authorizers: []apigw.Authorizer{{Name: "jwt"}, {Name: "tenant"}}, DefaultAuthorizer: tt.byDefault}
			got := "open"
			if auth := a.AuthorizerOf(&apigw.Route{Authorizer: tt.route}); auth != nil {
				got = auth.Name
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestFunctionNamed(t *testing.T) {
	t.Parallel()
	a := apigw.API{Functions: []apigw.Function{{Name: "jwt", Handler: "jwt-hs256", Timeout: time.Second}}}
	if diff := cmp.Diff(apigw.Function{Name: "jwt", Handler: "jwt-hs256", Timeout: time.Second}, a.FunctionNamed("jwt")); diff != "" {
		t.Errorf("declared (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(apigw.Function{Name: "pets", Handler: "pets"}, a.FunctionNamed("pets")); diff != "" {
		t.Errorf("not declared (-want +got):\n%s", diff)
	}
}

func TestPositionString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		position apigw.Position
		want     string
	}{
		{position: apigw.Position{}, want: ""},
		{position: apigw.Position{File: "routes.yaml"}, want: "routes.yaml"},
		{position: apigw.Position{File: "routes.yaml", Line: 9, Column: 3}, want: "routes.yaml:9:3"},
	}
	for _, tt := range tests {
		if got := tt.position.String(); got != tt.want {
			t.Errorf("%+v prints %q, want %q", tt.position, got, tt.want)
		}
	}
}
