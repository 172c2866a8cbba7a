//go:build unix

package function_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/function"
)

func interpreter(tb testing.TB, name string) {
	tb.Helper()
	if _, err := exec.LookPath(name); err != nil {
		tb.Skipf("%s is not installed", name)
	}
}

func nodeSpec(tb testing.TB, handler string) function.ProcessSpec {
	tb.Helper()
	interpreter(tb, "node")
	return function.ProcessSpec{
		Name: "node", Runtime: "nodejs20.x", Handler: handler, Directory: "testdata/node",
		Timeout: 10 * time.Second, InitTimeout: 20 * time.Second, Concurrency: 1,
	}
}

func pythonSpec(tb testing.TB, handler string) function.ProcessSpec {
	tb.Helper()
	interpreter(tb, "python3")
	return function.ProcessSpec{
		Name: "python", Runtime: "python3.11", Handler: handler, Directory: "testdata/python",
		Environment: map[string]string{"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": ""}, // which some machines set
		Timeout:     10 * time.Second, InitTimeout: 20 * time.Second, Concurrency: 1,
	}
}

// recorded is how one idiom of a handler reached the Runtime API in AWS's own runtime.
type recorded struct {
	Name       string          `json:"name"`
	Source     string          `json:"source"`
	Confidence string          `json:"confidence"`
	Outcome    string          `json:"outcome"`
	Reply      json.RawMessage `json:"reply"`
}

func TestNodeRepliesAsRecorded(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/aws/runtime-replies.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	host, _ := hostOf(t, function.HostOptions{})
	p := processOf(t, host, nodeSpec(t, "replies.handler"))
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		var row recorded
		if err := json.Unmarshal(scanner.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		answer, raised := invoke(t, p, `{"k":"`+row.Name+`"}`)
		outcome, body := "response", answer
		if raised != nil {
			outcome, body = "error", raised.Payload
		}
		var got, want any
		if err := errors.Join(json.Unmarshal(body, &got), json.Unmarshal(row.Reply, &want)); err != nil {
			t.Errorf("%s: %v in %s", row.Name, err, body)
			continue
		}
		if document, ok := got.(map[string]any); ok && raised != nil {
			delete(document, "trace") // not recorded: paths and lines differ
		}
		if outcome != row.Outcome {
			t.Errorf("%s: %s, want %s", row.Name, outcome, row.Outcome)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.Name, diff)
		}
	}
}

// What the two runtimes answer, report and write, for handlers in modules of every kind.
func TestRuntimes(t *testing.T) {
	t.Parallel()
	arn := "arn:aws:execute-api:us-east-1:123456789012:abc/dev/GET/pets"
	tests := []struct {
		name    string
		spec    func(testing.TB, string) function.ProcessSpec
		handler string
		event   string
		want    string // the answer
		raised  string // errorType: errorMessage
		log     string // a line's text
	}{
		{name: "node ESM", spec: nodeSpec, handler: "esm.handler", want: `"esm/loaded"`},
		{name: "node CommonJS by its extension", spec: nodeSpec, handler: "common.handler", want: `"cjs"`},
		{name: "node ESM by package.json", spec: nodeSpec, handler: "module/index.handler", want: `"module"`},
		{name: "node in folders", spec: nodeSpec, handler: "src/app/main.handler", want: `"deep"`},
		{name: "node nested", spec: nodeSpec, handler: "index.nested.deep.handler", want: `"deep"`},
		{name: "node callback waits", spec: nodeSpec, handler: "index.waits", event: `{"waits":true}`, want: `{"timer":true}`},
		{name: "node callback does not wait", spec: nodeSpec, handler: "index.waits", event: `{"waits":false}`, want: `{"timer":false}`},
		{
			name: "node error", spec: nodeSpec, handler: "index.handler", event: `{"do":"fail"}`, raised: "TypeError: no",
			log: `"errorType":"TypeError","errorMessage":"no","code":"E_NO","stack":["TypeError: no"`,
		},
		{name: "node exit", spec: nodeSpec, handler: "index.handler", event: `{"do":"exit","n":7}`, raised: "Runtime.ExitError: RequestId: req-1 Error: Runtime exited with error: exit status 7"},
		{name: "node exit 0", spec: nodeSpec, handler: "index.handler", event: `{"do":"exit","n":0}`, raised: "Runtime.ExitError: RequestId: req-1 Error: Runtime exited without providing a reason"},
		{name: "node promise that is never settled", spec: nodeSpec, handler: "index.handler", event: `{"do":"never"}`, raised: "Runtime.NodeJsExit: The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes"},
		{name: "node uncaught", spec: nodeSpec, handler: "index.handler", event: `{"do":"throw later"}`, raised: "RangeError: too late", log: "ERROR\tUncaught Exception \t{\"errorType\":\"RangeError\""},
		{name: "node large", spec: nodeSpec, handler: "index.handler", event: `{"do":"large","n":6291555}`, raised: "Function.ResponseSizeTooLarge: Response payload size exceeded maximum allowed payload size (6291556 bytes)."},
		{name: "node print", spec: nodeSpec, handler: "index.handler", event: `{"do":"print"}`, want: "null", log: "\treq-1\tINFO\tplain { n: 1 }"},
		{name: "node print to stderr", spec: nodeSpec, handler: "index.handler", event: `{"do":"print"}`, want: "null", log: "\treq-1\tERROR\tshown"},
		{name: "node print a part", spec: nodeSpec, handler: "index.handler", event: `{"do":"print"}`, want: "null", log: "without a line end"},
		{name: "node missing module", spec: nodeSpec, handler: "absent.handler", raised: "Runtime.ImportModuleError: Error: Cannot find module 'absent'"},
		{name: "node missing import", spec: nodeSpec, handler: "imports.handler", raised: "Runtime.ImportModuleError: Error: Cannot find module 'left-pad-that-is-not-there'"},
		{name: "node syntax", spec: nodeSpec, handler: "syntax.handler", raised: "Runtime.UserCodeSyntaxError: SyntaxError: Unexpected end of input"},
		{name: "node missing handler", spec: nodeSpec, handler: "index.nothing", raised: "Runtime.HandlerNotFound: index.nothing is undefined or not exported"},
		{name: "node handler that is none", spec: nodeSpec, handler: "index.notAFunction", raised: "Runtime.HandlerNotFound: index.notAFunction is not a function"},
		{name: "node malformed handler", spec: nodeSpec, handler: "index", raised: "Runtime.MalformedHandlerName: Bad handler"},
		{name: "node throws at load", spec: nodeSpec, handler: "throws.handler", raised: "TypeError: at load", log: "\tundefined\tERROR\tUncaught Exception \t{\"errorType\":\"TypeError\""},
		{
			name: "node authorizer", spec: nodeSpec, handler: "authorizer.handler",
			event: `{"type":"TOKEN","authorizationToken":"Bearer good","methodArn":"` + arn + `"}`,
			want:  `{"principalId":"auth0|7","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"` + arn + `"}]},"context":{"scope":"read"}}`,
		},
		{
			name: "node authorizer refuses", spec: nodeSpec, handler: "authorizer.handler",
			event: `{"type":"TOKEN","authorizationToken":"Bearer bad","methodArn":"` + arn + `"}`, raised: "string: Unauthorized",
			log: "INFO\tinvalid signature",
		},

		{name: "python package", spec: pythonSpec, handler: "shop.orders.lambda_handler", want: `"orders"`},
		{name: "python in a folder", spec: pythonSpec, handler: "src/mod.fn", want: `"app"`},
		{name: "python numbers", spec: pythonSpec, handler: "app.lambda_handler", event: `{"do":"numbers"}`, want: `{"price": 1.10, "big": 12345678901234567890.5, "\u00e9": "\u00fc"}`},
		{name: "python bytes", spec: pythonSpec, handler: "app.lambda_handler", event: `{"do":"bytes"}`, want: "\x00raw"},
		{
			name: "python exception", spec: pythonSpec, handler: "app.lambda_handler", event: `{"do":"raise"}`, raised: "NotAllowed: Unauthorized",
			log: "[ERROR] NotAllowed: Unauthorized",
		},
		{name: "python Exception", spec: pythonSpec, handler: "app.lambda_handler", event: `{"do":"bare"}`, raised: "Exception: Unauthorized", log: "Traceback (most recent call last):"},
		{name: "python unencodable", spec: pythonSpec, handler: "app.lambda_handler", event: `{"do":"unencodable"}`, raised: "Runtime.MarshalError: Unable to marshal response: Object of type datetime is not JSON serializable"},
		{name: "python event that is no JSON", spec: pythonSpec, handler: "app.lambda_handler", event: `{`, raised: "Runtime.UnmarshalError: Unable to unmarshal input: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
		{name: "python sys.exit", spec: pythonSpec, handler: "app.lambda_handler", event: `{"do":"exit","n":4}`, raised: "Runtime.ExitError: RequestId: req-1 Error: Runtime exited with error: exit status 4"},
		{name: "python exit 0", spec: pythonSpec, handler: "app.lambda_handler", event: `{"do":"crash","n":0}`, raised: "Runtime.ExitError: RequestId: req-1 Error: Runtime exited without providing a reason"},
		{name: "python large", spec: pythonSpec, handler: "app.lambda_handler", event: `{"do":"large","n":9000000}`, raised: "Function.ResponseSizeTooLarge: Response payload size exceeded maximum allowed payload size (6291556 bytes)."},
		{name: "python print", spec: pythonSpec, handler: "app.lambda_handler", event: `{"do":"print"}`, want: "null", log: "plain"},
		{name: "python log", spec: pythonSpec, handler: "app.lambda_handler", event: `{"do":"print"}`, want: "null", log: "Z\treq-1\tlogged 1"},
		{name: "python print to stderr", spec: pythonSpec, handler: "app.lambda_handler", event: `{"do":"print"}`, want: "null", log: "to stderr"},
		{name: "python print a part", spec: pythonSpec, handler: "app.lambda_handler", event: `{"do":"print"}`, want: "null", log: "without a line end"},
		{name: "python missing module", spec: pythonSpec, handler: "absent.lambda_handler", raised: "Runtime.ImportModuleError: Unable to import module 'absent': No module named 'absent'"},
		{name: "python missing import", spec: pythonSpec, handler: "imports.lambda_handler", raised: "Runtime.ImportModuleError: Unable to import module 'imports': No module named 'not_installed_anywhere'"},
		{name: "python syntax", spec: pythonSpec, handler: "syntax_error.lambda_handler", raised: "Runtime.UserCodeSyntaxError: Syntax error in module 'syntax_error': expected ':' (syntax_error.py, line 1)"},
		{name: "python missing handler", spec: pythonSpec, handler: "app.nothing", raised: "Runtime.HandlerNotFound: Handler 'nothing' missing on module 'app'"},
		{name: "python malformed handler", spec: pythonSpec, handler: "app", raised: "Runtime.MalformedHandlerName: Bad handler 'app': not enough values to unpack (expected 2, got 1)"},
		{name: "python built-in module", spec: pythonSpec, handler: "sys.exit", raised: "Runtime.BuiltInModuleConflict: Cannot use built-in module sys as a handler module"},
		{name: "python raises at load", spec: pythonSpec, handler: "raises.lambda_handler", raised: "ValueError: at load", log: "[ERROR] ValueError: at load"},
		{name: "python exits at load", spec: pythonSpec, handler: "exits.lambda_handler", raised: "Runtime.ExitError: RequestId: req-1 Error: Runtime exited with error: exit status 3"},
		{
			name: "python authorizer", spec: pythonSpec, handler: "authorizer.lambda_handler",
			event: `{"headers":{"Authorization":"Bearer good"},"methodArn":"` + arn + `"}`,
			want:  `{"principalId": "user|a1b2", "policyDocument": {"Version": "2012-10-17", "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": ["arn:aws:execute-api:us-east-1:123456789012:abc/dev/*/*"]}]}}`,
		},
		{
			name: "python authorizer refuses", spec: pythonSpec, handler: "authorizer.lambda_handler",
			event: `{"headers":{},"methodArn":"` + arn + `"}`, raised: "Exception: Unauthorized",
		},
	}
	// One host, and one function for each handler: what a failure leaves behind, the next row meets.
	host, lines := hostOf(t, function.HostOptions{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := processOf(t, host, tt.spec(t, tt.handler))
			event := tt.event
			if event == "" {
				event = "{}"
			}
			answer, raised := invoke(t, p, event)
			if raised != nil {
				message, _, _ := strings.Cut(raised.Message, "\n")
				if got := raised.Type + ": " + message; got != tt.raised {
					t.Errorf("raised %q, want %q", got, tt.raised)
				}
			} else if tt.raised != "" || string(answer) != tt.want {
				t.Errorf("answer %.300s, want %s%s", answer, tt.want, tt.raised)
			}
			if tt.log != "" {
				eventually(t, tt.log, func() bool {
					for _, line := range lines.all() {
						if strings.Contains(line.Text, tt.log) {
							return true
						}
					}
					return false
				})
			}
		})
	}
}

// The context object is what AWS documents for its language.
func TestRuntimesContext(t *testing.T) {
	t.Parallel()
	host, _ := hostOf(t, function.HostOptions{})
	for _, tt := range []struct {
		name string
		spec function.ProcessSpec
		want map[string]any
	}{
		{"node", nodeSpec(t, "index.handler"), map[string]any{
			"awsRequestId": "req-1", "invokedFunctionArn": "arn:f", "functionName": "node", "functionVersion": "$LATEST",
			"memoryLimitInMB": "128", "logGroupName": "/aws/lambda/node", "callbackWaitsForEmptyEventLoop": true,
			"clientContext": map[string]any{"custom": map[string]any{"a": "b"}}, "identity": map[string]any{"cognitoIdentityId": "c"},
			"left": true, "trace": "Root=1-a-b",
		}},
		{"python", pythonSpec(t, "app.lambda_handler"), map[string]any{
			"id": "req-1", "arn": "arn:f", "name": "python", "version": "$LATEST", "memory": "128", "group": "/aws/lambda/python",
			"client": map[string]any{"a": "b"}, "identity": "c", "left": true, "trace": "Root=1-a-b", "root": true,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answer, err := processOf(t, host, tt.spec).Invoke(t.Context(), function.Invocation{
				RequestID: "req-1", ARN: "arn:f", Payload: []byte(`{"do":"context"}`), TraceID: "Root=1-a-b",
				ClientContext: `{"custom":{"a":"b"}}`, CognitoIdentity: `{"cognitoIdentityId":"c"}`,
			})
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(answer, &got); err != nil {
				t.Fatal(err)
			}
			delete(got, "logStreamName")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("context (-want +got):\n%s", diff)
			}
		})
	}
}

// A handler or a module that goes round in circles is ended, and the next invocation is served.
func TestRuntimesThatDoNotEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		spec           function.ProcessSpec
		timeout, limit time.Duration
		want           string
	}{
		{name: "node handler", spec: nodeSpec(t, "index.handler"), timeout: 300 * time.Millisecond, want: "0.30"},
		{name: "python handler", spec: pythonSpec(t, "app.lambda_handler"), timeout: 300 * time.Millisecond, want: "0.30"},
		{name: "node module", spec: nodeSpec(t, "hangs.handler"), limit: 400 * time.Millisecond, want: "0.40"},
		{name: "python module", spec: pythonSpec(t, "hangs.handler"), limit: 400 * time.Millisecond, want: "0.40"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host, _ := hostOf(t, function.HostOptions{})
			if tt.timeout > 0 {
				tt.spec.Timeout = tt.timeout
			}
			if tt.limit > 0 {
				tt.spec.InitTimeout = tt.limit
			}
			p := processOf(t, host, tt.spec)
			for range 2 {
				_, raised := invoke(t, p, `{"do":"spin"}`)
				if want := "RequestId: req-1 Error: Task timed out after " + tt.want + " seconds"; raised == nil || raised.Message != want {
					t.Errorf("error %v, want %s", raised, want)
				}
			}
		})
	}
}
