package config_test

import (
	"testing"

	"gatewayd/emulator/internal/config"
)

// A policy is taken as it is written: its version is no date, an account no number, and a list may be an alias.
func TestResourcePolicyIsJSON(t *testing.T) {
	t.Parallel()
	api, problems := config.Read("routes.yaml", []byte(`
resourcePolicy:
  Version: 2012-10-17
  Statement:
    - &open { Effect: Allow, Principal: "*", Action: execute-api:Invoke, Resource: execute-api:/dev/GET/* }
    - { <<: *open, Effect: Deny, Condition: { NotIpAddress: { aws:SourceIp: [203.0.113.0/24] }, Bool: { aws:SecureTransport: true } } }
    - { <<: *open, Resource: 012345678901, Condition: { NumericLessThan: { aws:EpochTime: 1e3 } } }
routes: { GET /: f }
`), config.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	const want = `{"Statement":[` +
		`{"Action":"execute-api:Invoke","Effect":"Allow","Principal":"*","Resource":"execute-api:/dev/GET/*"},` +
		`{"Action":"execute-api:Invoke","Condition":{"Bool":{"aws:SecureTransport":true},"NotIpAddress":{"aws:SourceIp":["203.0.113.0/24"]}},` +
		`"Effect":"Deny","Principal":"*","Resource":"execute-api:/dev/GET/*"},` +
		`{"Action":"execute-api:Invoke","Condition":{"NumericLessThan":{"aws:EpochTime":1e3}},` +
		`"Effect":"Allow","Principal":"*","Resource":"012345678901"}],"Version":"2012-10-17"}`
	if got := string(api.ResourcePolicy); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
