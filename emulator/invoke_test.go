package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

// shop are functions of every kind: in process, in Python, at an address where nobody listens.
func shop(t *testing.T) (emulator.Source, emulator.Functions) {
	t.Helper()
	folder := program(t, "python3", "app.py", `
import os, sys
def echo(event, context):
    print("REPORT RequestId: " + context.aws_request_id)
    print("REPORT RequestId: " + context.aws_request_id)
    return {"event": event, "client": context.client_context and context.client_context.custom, "arn": context.invoked_function_arn}
def fails(event, context):
    raise ValueError("no such order")
def talks(event, context):
    print("ä" * 5000)
def exits(event, context):
    os._exit(3)
def getenv(event, context):
    return [os.environ.get(name) for name in event]
`)
	routes := `
functions:
  echo: { runtime: python3.11, handler: app.echo, directory: ` + folder + `, timeout: 20 }
  fails: { runtime: python3.11, handler: app.fails, directory: ` + folder + `, timeout: 20 }
  talks: { runtime: python3.11, handler: app.talks, directory: ` + folder + `, timeout: 20 }
  exits: { runtime: python3.11, handler: app.exits, directory: ` + folder + `, timeout: 20 }
  getenv: { runtime: python3.11, handler: app.getenv, directory: ` + folder + `, timeout: 20, environment: { OF_FILE: file, AWS_REGION: of-file, PARAMETER: file, OVERRIDDEN: file } }
  named: { handler: local }
  remote: { url: "http://127.0.0.1:1/2015-03-31/functions/function/invocations" }
routes: { GET /: echo, GET /remote: remote }
`
	return emulator.Routes(routes), emulator.Functions{
		"local": emulator.Func(func(_ context.Context, in map[string]string) (map[string]string, error) {
			if in["fail"] != "" {
				return nil, errors.New(in["fail"])
			}
			return in, nil
		}),
	}
}

func TestInvoke(t *testing.T) {
	t.Parallel()
	source, functions := shop(t)
	g := emulatortest.Run(t, source, functions, nil)
	tests := []struct {
		name, function, payload, context string
		want                             string // of the answer
		failed                           bool
	}{
		{name: "program", function: "echo", payload: `{"a": 1}`, want: `{"event": {"a": 1}, "client": null, "arn": "arn:aws:lambda:us-east-1:123456789012:function:echo"}`},
		{name: "client context", function: "echo", payload: `1`, context: `{"custom": {"k": "v"}}`, want: `{"event": 1, "client": {"k": "v"}, "arn": "arn:aws:lambda:us-east-1:123456789012:function:echo"}`},
		{name: "program that fails", function: "fails", payload: `{}`, want: `{"errorMessage": "no such order", "errorType": "ValueError", "requestId": "`, failed: true},
		{name: "program that exits", function: "exits", payload: `{}`, want: `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: `, failed: true},
		{name: "in process", function: "named", payload: `{"a": "b"}`, want: `{"a":"b"}`},
		{name: "in process, by its own name", function: "local", payload: `{"a": "b"}`, want: `{"a":"b"}`},
		{name: "in process, and fails", function: "local", payload: `{"fail": "no"}`, want: `{"errorMessage":"no","errorType":"errorString"}`, failed: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer, err := g.Invoke(t.Context(), test.function, emulator.Invocation{Payload: []byte(test.payload), ClientContext: test.context})
			if err != nil || answer.Failed != test.failed || !strings.HasPrefix(string(answer.Payload), test.want) {
				t.Errorf("%s, failed %t, error %v; want %s, failed %t", answer.Payload, answer.Failed, err, test.want, test.failed)
			}
		})
	}
}

func TestInvokeOfNoFunction(t *testing.T) {
	t.Parallel()
	source, functions := shop(t)
	functions["none"] = nil
	g := emulatortest.Run(t, source, functions, nil)
	for name, want := range map[string]string{
		"fail": `function not found: "fail", did you mean "fails"?`,
		"none": `function not found: "none"`,
	} {
		if _, err := g.Invoke(t.Context(), name, emulator.Invocation{}); !errors.Is(err, emulator.ErrFunctionNotFound) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if g.HasFunction(name) {
			t.Errorf("there is a function %q", name)
		}
	}
	if _, err := g.Invoke(t.Context(), "remote", emulator.Invocation{}); err == nil || errors.Is(err, emulator.ErrFunctionNotFound) {
		t.Errorf("error %v of a function that cannot be reached", err)
	}
}

// The end of the log is what Lambda returns of it: 4 KiB at most, from START on, and all of it although the function writes
// what looks like Lambda's last line.
func TestInvokeWithLogTail(t *testing.T) {
	t.Parallel()
	source, functions := shop(t)
	g := emulatortest.Run(t, source, functions, nil)
	tail := func(function string) string {
		answer, err := g.Invoke(t.Context(), function, emulator.Invocation{RequestID: "id-" + function, Payload: []byte(`{}`), LogTail: true})
		if err != nil {
			t.Error(err)
		}
		return string(answer.LogTail)
	}
	const start = "START RequestId: id-echo Version: $LATEST\n"
	if got := tail("echo"); !strings.HasPrefix(got, start+"REPORT RequestId: id-echo\nREPORT RequestId: id-echo\nEND RequestId: id-echo\nREPORT RequestId: id-echo\tDuration: ") {
		t.Errorf("log %q", got)
	}
	if got := tail("fails"); !strings.Contains(got, "\n[ERROR] ValueError: no such order\n") {
		t.Errorf("log %q", got)
	}
	if got := tail("talks"); len(got) != 4096 || !strings.Contains(got, "ää\nEND RequestId: id-talks\n") {
		t.Errorf("log of %d bytes: %q", len(got), got)
	}
	if got := tail("local"); got != "" {
		t.Errorf("log %q of a function in process", got)
	}
}

// Every declared function can be invoked, whether or not a route names it, and a reload does not stop it.
func TestInvokeDuringReloads(t *testing.T) {
	t.Parallel()
	source, functions := shop(t)
	g := emulatortest.Run(t, source, functions, nil)
	var reloads sync.WaitGroup
	reloads.Go(func() {
		for range 50 {
			if err := g.Reload(); err != nil {
				t.Error(err)
			}
		}
	})
	for range 50 {
		if _, err := g.Invoke(t.Context(), "getenv", emulator.Invocation{Payload: []byte(`[]`)}); err != nil {
			t.Error(err)
		}
	}
	reloads.Wait()
}

// Of two variables of the same name, the later of these counts: the own environment, Lambda's, the route file's, Parameters,
// the function's.
func TestVariablesOfPrograms(t *testing.T) {
	t.Parallel()
	source, functions := shop(t)
	g := emulatortest.Run(t, source, functions, &emulator.Options{Programs: emulator.Programs{
		Environ: []string{"OWN=own", "AWS_LAMBDA_FUNCTION_NAME=own", "AWS_REGION=own", "GATEWAYD_PORT=3000"},
		Variables: map[string]map[string]string{
			"Parameters": {"PARAMETER": "parameters", "OVERRIDDEN": "parameters"},
			"getenv":     {"OVERRIDDEN": "function", "ADDED": "function"},
			"echo":       {"OF_ANOTHER": "function"},
		},
	}})
	names := `["OWN", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION", "OF_FILE", "PARAMETER", "OVERRIDDEN", "ADDED", "OF_ANOTHER", "GATEWAYD_PORT"]`
	answer, err := g.Invoke(t.Context(), "getenv", emulator.Invocation{Payload: []byte(names)})
	if err != nil {
		t.Fatal(err)
	}
	want := `["own", "getenv", "of-file", "file", "parameters", "function", "function", null, null]`
	if diff := cmp.Diff(want, string(answer.Payload)); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestVariablesOfWhatIsNoProgram(t *testing.T) {
	t.Parallel()
	source, functions := shop(t)
	_, err := emulator.New(source, functions, &emulator.Options{Programs: emulator.Programs{Variables: map[string]map[string]string{
		"local": {}, "named": {}, "remote": {}, "ecko": {}, "echo": {}, "Parameters": {},
	}}})
	want := `variables of function "ecko": there is no such function, did you mean "echo"?
variables of function "local": an in-process function shares gatewayd's own environment
variables of function "named": an in-process function shares gatewayd's own environment
variables of function "remote": a function with a url has the environment of its own process`
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

// Programs that do not do what they should reach the client as on AWS (rest-authorizer 5.24, rest-gateway 3.2).
func TestProgramsThatMisbehave(t *testing.T) {
	t.Parallel()
	folder := program(t, "python3", "app.py", `
import os, time
def handler(event, context):
    kind = event.get("authorizationToken") or event["headers"]["kind"]
    if kind == "exit": os._exit(0)
    if kind == "crash": os.kill(os.getpid(), 11)
    if kind == "hang": time.sleep(3600)
    if kind == "rubbish": return "rubbish"
    if kind == "nothing": return None
    if "authorizationToken" not in event: return {"statusCode": 200, "body": "ok"}
    return {"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Action": "*", "Effect": "Allow", "Resource": "*"}]}}
`)
	function := "{ runtime: python3.11, handler: app.handler, directory: " + folder + ", timeout: 1, initTimeout: 20 }"
	g := emulatortest.Run(t, emulator.Routes(`
functions: { guard: `+function+`, target: `+function+`, early: { runtime: python3.11, handler: missing.handler, directory: `+folder+` } }
authorizers: { guard: { function: guard, authorizerResultTtlInSeconds: 0 }, early: { function: early } }
routes: { GET /guarded: { function: target, authorizer: guard }, GET /open: target, GET /early: early, GET /guarded-early: { function: target, authorizer: early } }
`), nil, nil)
	tests := []struct {
		path, kind, want string
		code             trace.Code
	}{
		{path: "guarded", kind: "exit", want: `500 {"message":null}`, code: trace.AuthorizerError},
		{path: "guarded", kind: "crash", want: `500 {"message":null}`, code: trace.AuthorizerError},
		{path: "guarded", kind: "hang", want: `500 {"message":null}`, code: trace.AuthorizerTimeout},
		{path: "guarded", kind: "rubbish", want: `500 {"message":null}`, code: trace.AuthorizerOutputInvalid},
		{path: "guarded", kind: "nothing", want: `500 {"message":null}`, code: trace.AuthorizerOutputInvalid},
		{path: "guarded-early", kind: "any", want: `500 {"message":null}`, code: trace.AuthorizerError},
		{path: "open", kind: "exit", want: `502 {"message": "Internal server error"}`, code: trace.IntegrationError},
		{path: "open", kind: "crash", want: `502 {"message": "Internal server error"}`, code: trace.IntegrationError},
		{path: "open", kind: "hang", want: `502 {"message": "Internal server error"}`, code: trace.IntegrationError},
		{path: "open", kind: "rubbish", want: `502 {"message": "Internal server error"}`, code: trace.IntegrationMalformed},
		{path: "early", kind: "any", want: `502 {"message": "Internal server error"}`, code: trace.IntegrationError},
		{path: "guarded", kind: "fine", want: `200 ok`, code: trace.IntegrationOK}, // a fresh process
	}
	for _, test := range tests {
		headers := []string{"Authorization", test.kind, "kind", test.kind}
		if got := g.Get("/local/"+test.path, headers...); got.String() != test.want || got.Trace.Code != test.code {
			t.Errorf("%s, %s: %s (%s), want %s (%s)", test.path, test.kind, got, got.Trace.Line(), test.want, test.code)
		}
	}
}

// An invocation that nobody waits for is told of when it fails, and Close waits for it.
func TestInvocationsThatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		done := make(chan string, 1)
		e, err := emulator.New(emulator.Routes(`routes: { GET /: slow }`), emulator.Functions{
			"slow": emulator.Func(func(_ context.Context, in string) (string, error) {
				time.Sleep(time.Minute)
				done <- in
				return "", errors.New("too late")
			}),
		}, &emulator.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		call := func() int {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/2015-03-31/functions/slow/invocations", strings.NewReader(`"event"`))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Amz-Invocation-Type", "Event")
			return record(e.Control(emulator.ControlOptions{}), r)
		}
		if got := call(); got != http.StatusAccepted {
			t.Errorf("status %d", got)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := e.Close(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v of a close that does not wait long enough", err)
		}
		call() // after the close
		if err := e.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := <-done; got != "event" {
			t.Errorf("event %q", got)
		}
		for _, want := range []string{`function=slow error="{\"errorMessage\":\"too late\"`, `function=slow error="the emulator is closed"`} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("log without %s:\n%s", want, &log)
			}
		}
	})
}

// record returns the status of an answer.
func record(handler http.Handler, r *http.Request) int {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Code
}

func ExampleEmulator_Invoke() {
	e, err := emulator.New(emulator.Routes(`routes: { GET /hello: hello }`), emulator.Functions{
		"hello": emulator.Func(func(_ context.Context, name string) (string, error) { return "Hello, " + name, nil }),
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := e.Invoke(context.Background(), "hello", emulator.Invocation{Payload: []byte(`"Ada"`)})
	fmt.Println(string(answer.Payload), answer.Failed, err)
	_, err = e.Invoke(context.Background(), "hallo", emulator.Invocation{Payload: []byte(`"Ada"`)})
	fmt.Println(err)
	// Output:
	// "Hello, Ada" false <nil>
	// function not found: "hallo", did you mean "hello"?
}
