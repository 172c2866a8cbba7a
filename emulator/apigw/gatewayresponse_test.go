package apigw_test

import (
	"encoding/json"
	"os"
	"testing"

	"gatewayd/emulator/apigw"
)

// TestAWSGatewayResponseTypes holds AWS's own table of types, and what an entry of a family makes of it.
func TestAWSGatewayResponseTypes(t *testing.T) {
	t.Parallel()
	var recorded struct {
		Source, Confidence string
		Types              []struct {
			Type         apigw.ResponseType
			Status, With int
			Entry        apigw.ResponseType
		}
	}
	text, err := os.ReadFile("testdata/aws/gateway-response-types.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &recorded); err != nil {
		t.Fatal(err)
	}
	if want := len(apigw.ResponseTypes()) - 2; len(recorded.Types) != want {
		t.Fatalf("the table has %d types besides the families, want %d", len(recorded.Types), want)
	}
	a := apigw.API{GatewayResponses: []apigw.GatewayResponse{
		{Type: apigw.Default5XX, Status: 599},
		{Type: apigw.AuthorizerFailure, Headers: []apigw.HeaderMapping{{Name: "foo", Expression: "'bar'"}}},
	}}
	for _, row := range recorded.Types {
		status := (&apigw.Error{Type: row.Type}).Response().Status
		if row.Type == apigw.IntegrationFailure {
			status = 504 // a failed function's is 502, the type's own is for endpoints that cannot be reached (rest-gateway 3.2)
		}
		if status != row.Status {
			t.Errorf("%s: status %d, want %d (%s: %s)", row.Type, status, row.Status, recorded.Confidence, recorded.Source)
		}
		entry := a.GatewayResponseFor(row.Type)
		var name apigw.ResponseType
		if entry != nil {
			name = entry.Type
			if entry.Status != 0 {
				status = entry.Status
			}
		}
		if name != row.Entry || status != row.With {
			t.Errorf("%s: entry %q with status %d, want %q with %d (%s: %s)", row.Type, name, status, row.Entry, row.With, recorded.Confidence, recorded.Source)
		}
	}
	if a.GatewayResponseFor(apigw.NoStage) != nil {
		t.Error("a URL of no stage has a gateway response")
	}
}
