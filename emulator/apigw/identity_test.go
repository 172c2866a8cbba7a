package apigw_test

import (
	"testing"

	"gatewayd/emulator/apigw"
)

func TestParseIdentitySource(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		kind apigw.SourceKind
		name string
	}{
		{text: "method.request.header.Authorization", kind: apigw.HeaderSource, name: "Authorization"},
		{text: "method.request.header.x-tenant_id.v2", kind: apigw.HeaderSource, name: "x-tenant_id.v2"},
		{text: "method.request.querystring.key", kind: apigw.QueryStringSource, name: "key"},
		{text: "method.request.querystring.filter[id]", kind: apigw.QueryStringSource, name: "filter[id]"},
		{text: "method.request.multivalueheader.X-Tag", kind: apigw.MultiValueHeaderSource, name: "X-Tag"},
		{text: "method.request.multivaluequerystring.tag", kind: apigw.MultiValueQueryStringSource, name: "tag"},
		{text: "stageVariables.table", kind: apigw.StageVariableSource, name: "table"},
		{text: "context.identity.sourceIp", kind: apigw.ContextSource, name: "identity.sourceIp"},
		{text: "context.httpMethod", kind: apigw.ContextSource, name: "httpMethod"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := apigw.ParseIdentitySource(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if want := (apigw.IdentitySource{Kind: tt.kind, Name: tt.name}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if got.String() != tt.text {
				t.Errorf("String() = %q, want %q", got, tt.text)
			}
		})
	}
}

func TestParseIdentitySourceRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{
			text: "",
			want: `identity source "" must start with method.request.header., method.request.querystring., stageVariables., or context. and a name`,
		},
		{
			text: "Authorization",
			want: `identity source "Authorization" must start with method.request.header., method.request.querystring., stageVariables., or context. and a name`,
		},
		{
			text: "method.request.Header.Authorization",
			want: `identity source "method.request.Header.Authorization" must start with method.request.header., method.request.querystring., stageVariables., or context. and a name`,
		},
		{
			text: "method.request.header.",
			want: `identity source "method.request.header." names nothing after "method.request.header."`,
		},
		{
			text: "method.request.header.A, method.request.header.B",
			want: `identity source "method.request.header.A, method.request.header.B": "A, method.request.header.B" is no name; several sources are a list`,
		},
		{
			text: "method.request.path.petId",
			want: `identity source "method.request.path.petId": a path parameter cannot be an identity source`,
		},
		{
			text: "context.identity.sourceip",
			want: `identity source "context.identity.sourceip" has no value for an anonymous caller, so every request would be refused, did you mean "identity.sourceIp"?`,
		},
		{
			text: "context.identity.cognitoIdentityPoolId",
			want: `identity source "context.identity.cognitoIdentityPoolId" has no value for an anonymous caller, so every request would be refused`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			if got, err := apigw.ParseIdentitySource(tt.text); err == nil {
				t.Errorf("accepted as %+v", got)
			} else if err.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
		})
	}
}

func FuzzParseIdentitySource(f *testing.F) {
	for _, seed := range []string{
		"method.request.header.Authorization", "method.request.querystring.", "context.stage", "stageVariables.a.b", "method.request.path.id",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		source, err := apigw.ParseIdentitySource(text)
		if err == nil && source.String() != text {
			t.Errorf("%q is read as %q", text, source)
		}
	})
}
