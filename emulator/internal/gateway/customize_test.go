package gateway_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/gateway"
)

// An API that was made in code has no file to be refused, so deploying it says what is wrong.
func TestDeployRefusesTexts(t *testing.T) {
	t.Parallel()
	at := apigw.Position{File: "routes.yaml", Line: 7, Column: 3}
	respond := func(r apigw.GatewayResponse) func(*apigw.API) {
		r.Type, r.Position = apigw.Unauthorized, at
		return func(a *apigw.API) { a.GatewayResponses = []apigw.GatewayResponse{r} }
	}
	tests := []struct {
		name, want string
		change     func(*apigw.API)
	}{
		{
			name: "a header", want: "routes.yaml:7:3: gateway response UNAUTHORIZED: header X: ",
			change: respond(apigw.GatewayResponse{Headers: []apigw.HeaderMapping{{Name: "X", Expression: "*"}}}),
		},
		{
			name: "a template", want: "routes.yaml:7:3: gateway response UNAUTHORIZED: template text/html: ",
			change: respond(apigw.GatewayResponse{Templates: []apigw.BodyTemplate{{ContentType: "text/html", Text: "#if(1)"}}}),
		},
		{
			name: "a model", want: `model "Pet" at /type: `,
			change: func(a *apigw.API) {
				a.Models = []apigw.Model{{Name: "Pet", Schema: json.RawMessage(`{"type":"strin"}`)}}
			},
		},
		{
			name: "no model", want: `routes.yaml:10:3: route "ANY /": no model "Pet"`,
			change: func(a *apigw.API) {
				a.Routes[0].Validator = apigw.ValidateBody
				a.Routes[0].RequestModels = []apigw.RequestModel{{ContentType: "application/json", Model: "Pet"}}
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := newHarness(func(*gateway.Options) {}).Deploy(api(test.change))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
