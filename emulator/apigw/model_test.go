package apigw_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
)

// What an API says about requests and AWS does not hold is found, and so is what refuses each of them.
func TestUncheckedRequests(t *testing.T) {
	t.Parallel()
	parameter := func(location apigw.ParameterLocation, name string, required bool) apigw.RequestParameter {
		return apigw.RequestParameter{Location: location, Name: name, Required: required, Position: at(41, 60)}
	}
	model := []apigw.RequestModel{{ContentType: "application/json", Model: "Pet", Position: at(41, 80)}}
	tests := []struct {
		name      string
		validator apigw.RequestValidator
		parameter apigw.RequestParameter
		models    []apigw.RequestModel
		want      []string // a part of each
	}{
		{name: "everything", validator: apigw.ValidateAll, parameter: parameter(apigw.InPath, "petId", true), models: model},
		{name: "a parameter that may be absent", parameter: parameter(apigw.InHeader, "X", false)},
		{name: "nothing checks the parameter", parameter: parameter(apigw.InHeader, "X", true), want: []string{"41:60: route \"ANY /pets/{petId}\": nothing checks the required parameters"}},
		{
			name: "the other half is checked", validator: apigw.ValidateBody, parameter: parameter(apigw.InQueryString, "q", true), models: model,
			want: []string{"41:60: route \"ANY /pets/{petId}\": nothing checks the required parameters"},
		},
		{
			name: "nothing holds the body", validator: apigw.ValidateParameters, parameter: parameter(apigw.InQueryString, "q", true), models: model,
			want: []string{"41:80: route \"ANY /pets/{petId}\": nothing holds bodies against the model"},
		},
		{
			name: "nothing to check", validator: apigw.ValidateParameters, parameter: parameter(apigw.InQueryString, "q", false),
			want: []string{"41:3: route \"ANY /pets/{petId}\": requestValidator PARAMETERS has no required parameter"},
		},
		{
			name: "nothing to hold", validator: apigw.ValidateBody, parameter: parameter(apigw.InQueryString, "q", false),
			want: []string{"41:3: route \"ANY /pets/{petId}\": requestValidator BODY has no model"},
		},
		{
			name: "not in the path", validator: apigw.ValidateAll, parameter: parameter(apigw.InPath, "petID", true), models: model,
			want: []string{`41:60: route "ANY /pets/{petId}": the path has no {petID}, so every request would be refused, did you mean "petId"?`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := petstore()
			a.Models = []apigw.Model{{Name: "Pet", Schema: json.RawMessage(`{}`)}}
			r := &a.Routes[1]
			r.Validator, r.RequestParameters, r.RequestModels = test.validator, []apigw.RequestParameter{test.parameter}, test.models
			if problems := a.Validate(handlers()); len(problems) > 0 {
				t.Fatalf("problems: %v", printed(problems))
			}
			got := printed(a.Findings())
			if len(got) != len(test.want) {
				t.Fatalf("got %q, want %q", got, test.want)
			}
			for i := range got {
				if !strings.Contains(got[i], test.want[i]) {
					t.Errorf("got %q, want %q", got[i], test.want[i])
				}
			}
		})
	}
}

func TestParseRequestParameter(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want, err string }{
		{text: "method.request.querystring.a.b", want: "a.b"},
		{text: "method.request.header.X-Key", want: "X-Key"},
		{text: "method.request.path.petId", want: "petId"},
		{text: "method.request.body.a", err: `"body" is no location`},
		{text: "method.request.querystring.", err: "has no name"},
		{text: "method.request.header.X Y", err: "has no name"},
		{text: "method.request.header", err: "must be method.request.querystring.NAME"},
		{text: "querystring.q", err: "must be method.request.querystring.NAME"},
		{text: "", err: "must be"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			got, err := apigw.ParseRequestParameter(test.text)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || got.Name != test.want || got.String() != test.text {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// An API that was made in code is held to what a route file is.
func TestValidateResponses(t *testing.T) {
	t.Parallel()
	respond := func(r apigw.GatewayResponse) func(*apigw.API) {
		r.Position, r.StatusPosition = at(70, 3), at(71, 5)
		return func(a *apigw.API) { a.GatewayResponses = []apigw.GatewayResponse{r} }
	}
	header := func(name string) func(*apigw.API) {
		return respond(apigw.GatewayResponse{Type: apigw.Unauthorized, Headers: []apigw.HeaderMapping{{Name: name, Expression: "'x'", Position: at(72, 7)}}})
	}
	tests := []struct {
		name   string
		change func(*apigw.API)
		want   []string
	}{
		{name: "a header", change: header("WWW-Authenticate")},
		{name: "a type", change: respond(apigw.GatewayResponse{Type: "DEFAULT_4xx"}), want: []string{`routes.yaml:70:3: no gateway response type "DEFAULT_4xx", did you mean "DEFAULT_4XX"?`}},
		{name: "a status", change: respond(apigw.GatewayResponse{Type: apigw.Throttled, Status: 199}), want: []string{"routes.yaml:71:5: gateway response THROTTLED: statusCode must be from 200 to 599"}},
		{name: "a header of the gateway's", change: header("x-amzn-errortype"), want: []string{"routes.yaml:72:7: gateway response UNAUTHORIZED: header x-amzn-errortype is API Gateway's own; it cannot be set"}},
		{name: "a header that is none", change: header("X:"), want: []string{"routes.yaml:72:7: gateway response UNAUTHORIZED: header \"X:\" must have letters, digits and !#$%&'*+-.^_`|~ only"}},
		{
			name: "an origin", change: func(a *apigw.API) { a.CORS = &apigw.CORS{AllowOrigin: "https://*.example", OriginPosition: at(80, 9)} },
			want: []string{`routes.yaml:80:9: cors: origin "https://*.example" cannot have a wildcard: browsers know * alone`},
		},
		{
			name: "an origin in capitals",
			change: func(a *apigw.API) {
				a.CORS = &apigw.CORS{AllowOrigin: "https://App.example", OriginPosition: at(80, 9)}
			},
			want: []string{`routes.yaml:80:9: cors: origin "https://App.example" must be in lower case, as browsers send it`},
		},
		{
			name:   "a host alone",
			change: func(a *apigw.API) { a.CORS = &apigw.CORS{AllowOrigin: "app.example", OriginPosition: at(80, 9)} },
			want:   []string{`routes.yaml:80:9: cors: origin "app.example" must be SCHEME://HOST or SCHEME://HOST:PORT, as browsers send it, or *`},
		},
		{
			name: "a model twice",
			change: func(a *apigw.API) {
				a.Models = []apigw.Model{{Name: "Pet", Position: at(90, 3)}, {Name: "Pet", Position: at(91, 3)}}
			},
			want: []string{`routes.yaml:91:3: model "Pet" again, first at routes.yaml:90:3`},
		},
		{
			name:   "a validator",
			change: func(a *apigw.API) { a.Routes[0].Validator = "EVERYTHING" },
			want:   []string{`routes.yaml:40:3: route "GET /": requestValidator "EVERYTHING" must be ALL, BODY or PARAMETERS`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := petstore()
			test.change(a)
			if diff := cmp.Diff(test.want, printed(a.Validate(handlers()))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
