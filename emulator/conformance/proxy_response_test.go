package conformance_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

func TestProxyResponse(t *testing.T) {
	t.Parallel()
	runCases(t, "gateway/response")
}

const internalServerError = `{"message": "Internal server error"}`

// TestMalformedAnswer holds rest-gateway 3.1: whatever is not a JSON object is a 502.
func TestMalformedAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, answer, confidence string }{
		{name: "invoke-api-just-string", answer: `"justAString"`, confidence: "recorded"},
		{name: "null", answer: `null`, confidence: "inferred"},
		{name: "nothing", answer: ``, confidence: "inferred"},
		{name: "a list", answer: `[]`, confidence: "inferred"},
		{name: "a number", answer: `200`, confidence: "inferred"},
		{name: "a boolean", answer: `true`, confidence: "inferred"},
		{name: "HTML", answer: `<html>404</html>`, confidence: "reported"},
		{name: "cut off", answer: `{"statusCode":200,"body":"`, confidence: "reported"},
		{name: "an open object", answer: `{`, confidence: "reported"},
		{name: "names without quotes", answer: `{statusCode: 200}`, confidence: "reported"},
		{name: "two answers", answer: `{"statusCode":200} {"statusCode":200}`, confidence: "inferred"},
		{name: "too many braces", answer: `{"statusCode":200}}`, confidence: "reported"},
		{name: "zeros", answer: "\x00\x00\x00\x00", confidence: "reported"},
		{name: "deep", answer: strings.Repeat(`{"body":`, 100_000), confidence: "inferred"},
		{name: "a streamed answer", answer: `{"statusCode":200}` + "\x00\x00\x00\x00\x00\x00\x00\x00body", confidence: "inferred"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			gateway := emulatortest.Run(t, emulator.Routes(`{api: {stage: dev}, routes: {GET /a: backend}}`),
				emulator.Functions{"backend": answering(test.answer)}, nil)
			got := gateway.Get("/dev/a")
			if got.Status != 502 || got.Body != internalServerError || got.Trace.Code != trace.IntegrationMalformed {
				t.Errorf("got %s (%s); rest-gateway 3.1 (%s) is 502 %s", got, got.Trace.Code, test.confidence, internalServerError)
			}
		})
	}
}

// TestBytes holds rest-gateway 2.8 and 3.6: a binary body comes back from a function that echoes it, every byte of it.
func TestBytes(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	for i := range 1 << 16 {
		body.WriteByte(byte(i % 251))
		body.WriteByte(byte(i))
	}
	gateway := emulatortest.Run(t, emulator.Routes(`{api: {stage: dev, binaryMediaTypes: [image/png]}, routes: {POST /a: backend}}`),
		emulator.Functions{"backend": &raw{answer: func(_ context.Context, event []byte) ([]byte, error) {
			return json.Marshal(map[string]any{
				"body": lookUp(decodeJSON(event), "body"), "isBase64Encoded": lookUp(decodeJSON(event), "isBase64Encoded"),
			})
		}}}, nil)
	got := gateway.Do("POST", "/dev/a", body.String(), "Content-Type", "image/png", "Accept", "image/png")
	if got.Status != 200 || got.Body != body.String() {
		t.Errorf("got %d with %d other bytes, sent %d", got.Status, len(got.Body), body.Len())
	}
}
