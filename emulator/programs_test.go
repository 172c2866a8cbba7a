package emulator_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

// program writes a file of a function's code into a folder of its own.
func program(t *testing.T, interpreter, name, code string) string {
	t.Helper()
	if _, err := exec.LookPath(interpreter); err != nil {
		t.Skipf("%s is not installed", interpreter)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// An authorizer in Python and a target in Node, as they would be deployed.
func TestProgramsAsAuthorizerAndTarget(t *testing.T) {
	t.Parallel()
	python := program(t, "python3", "app.py", `
import os
def lambda_handler(event, context):
    if event["authorizationToken"] == "unknown":
        raise Exception("Unauthorized")
    if event["authorizationToken"] == "broken":
        raise Exception("out of order")
    effect = "Allow" if event["authorizationToken"] == os.environ["WORD"] else "Deny"
    return {"principalId": "python", "context": {"number": 1}, "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}]}}
`)
	node := program(t, "node", "index.js", `
exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event.requestContext.authorizer.principalId + event.requestContext.authorizer.number) });
`)
	g := emulatortest.Run(t, emulator.Routes(`
api: { stage: dev }
functions:
  guard: { runtime: python3.11, handler: app.lambda_handler, directory: `+python+`, environment: { WORD: one }, timeout: 20 }
  target: { runtime: nodejs20.x, handler: index.handler, directory: `+node+`, timeout: 20 }
authorizers: { guard: { function: guard } }
routes: { GET /: { function: target, authorizer: guard } }
`), nil, &emulator.Options{Programs: emulator.Programs{Variables: map[string]map[string]string{"guard": {"WORD": "two"}}}})
	for _, tt := range []struct {
		token, want string
		code        trace.Code
	}{
		{"two", `200 "python1"`, trace.IntegrationOK},
		{"one", `403 {"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}`, trace.PolicyExplicitDeny},
		{"unknown", `401 {"message":"Unauthorized"}`, trace.AuthorizerUnauthorized},
		{"broken", `500 {"message":null}`, trace.AuthorizerError},
	} {
		got := g.Get("/dev/", "Authorization", tt.token)
		if got.String() != tt.want || got.Trace.Code != tt.code {
			t.Errorf("%s: got %s (%s), want %s (%s)", tt.token, got, got.Trace.Line(), tt.want, tt.code)
		}
	}
}

// What a program writes reaches the log with its function's name, between Lambda's own lines.
func TestProgramOutput(t *testing.T) {
	t.Parallel()
	folder := program(t, "python3", "app.py", "def handler(event, context):\n    print('hello from', context.function_name)\n    return {}\n")
	lines := make(chan emulator.FunctionLine, 100)
	g := emulatortest.Run(t, emulator.Routes(`
functions: { talks: { runtime: python3.11, handler: app.handler, directory: `+folder+`, timeout: 20 } }
routes: { GET /: talks }
`), nil, &emulator.Options{Programs: emulator.Programs{OnOutput: func(line emulator.FunctionLine) { lines <- line }}})
	if got := g.Get("/local/"); got.Status != 200 {
		t.Fatal(got)
	}
	timeout := time.After(10 * time.Second)
	for {
		select {
		case line := <-lines:
			if line.Text == "hello from talks" && line.Function == "talks" && line.RequestID != "" {
				return
			}
		case <-timeout:
			t.Fatal("the line did not come")
		}
	}
}
