//go:build unix

package function_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/function"
)

// The Python runtime answers and reports byte for byte what AWS's own does, where that is installed (PYTHONPATH counts). CI
// installs it, and AWS's for Node.js.
func TestPythonAsAWS(t *testing.T) {
	t.Parallel()
	interpreter(t, "python3")
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import awslambdaric").Run(); err != nil {
		t.Skip("awslambdaric is not installed: pip install awslambdaric")
	}
	host, _ := hostOf(t, function.HostOptions{})
	for _, tt := range []struct{ handler, event string }{
		{"app.lambda_handler", `{"a":[1,2.50,null,true,"é\u2028"]}`},
		{"app.lambda_handler", `{"do":"numbers"}`},
		{"app.lambda_handler", `{"do":"bytes"}`},
		{"app.lambda_handler", `{"do":"raise"}`},
		{"app.lambda_handler", `{"do":"bare"}`},
		{"app.lambda_handler", `{"do":"unencodable"}`},
		{"app.lambda_handler", `{"do":"exit","n":4}`},
		{"app.lambda_handler", `{"do":"crash","n":0}`},
		{"shop.orders.lambda_handler", `{}`},
		{"src/mod.fn", `{}`},
		{"authorizer.lambda_handler", `{"headers":{}}`},
		{"authorizer.lambda_handler", `{"headers":{"Authorization":"Bearer x"},"methodArn":"a/b/c"}`},
		{"authorizer.lambda_handler", `null`},
		{"absent.lambda_handler", `{}`},
		{"imports.lambda_handler", `{}`},
		{"syntax_error.lambda_handler", `{}`},
		{"raises.lambda_handler", `{}`},
		{"app.nothing", `{}`},
		{"app", `{}`},
		{"sys.exit", `{}`},
	} {
		t.Run(tt.handler+" "+tt.event, func(t *testing.T) {
			ours := pythonSpec(t, tt.handler)
			theirs := ours
			theirs.Runtime, theirs.Command = "", []string{"python3", "-m", "awslambdaric", tt.handler}
			if diff := cmp.Diff(replyOf(t, host, theirs, tt.event), replyOf(t, host, ours, tt.event)); diff != "" {
				t.Errorf("(-awslambdaric +gatewayd):\n%s", diff)
			}
		})
	}
}

// replyOf is what a function answers, or the document that it reports.
func replyOf(tb testing.TB, host *function.Host, spec function.ProcessSpec, event string) string {
	tb.Helper()
	answer, raised := invoke(tb, processOf(tb, host, spec), event)
	if raised != nil {
		return string(raised.Payload)
	}
	return string(answer)
}

// The Node.js runtime answers and reports what AWS's own does, where that is installed (NODE_PATH counts), but for files of the
// runtime in messages and traces. A promise that is never settled is not among the cases: AWS's published client answers null,
// what runs on Lambda reports Runtime.NodeJsExit, and so do we
// (https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html).
func TestNodeAsAWS(t *testing.T) {
	t.Parallel()
	interpreter(t, "node")
	found, err := exec.CommandContext(t.Context(), "node", "-p", `require("path").dirname(require.resolve("aws-lambda-ric/package.json"))`).Output()
	if err != nil {
		t.Skip("aws-lambda-ric is not installed: npm install aws-lambda-ric, and set NODE_PATH to its node_modules")
	}
	client := filepath.Join(strings.TrimSpace(string(found)), "bin", "index.mjs")
	host, _ := hostOf(t, function.HostOptions{})
	tests := []struct{ handler, event string }{
		{"esm.handler", `{}`},
		{"common.handler", `{}`},
		{"module/index.handler", `{}`},
		{"src/app/main.handler", `{}`},
		{"index.nested.deep.handler", `{}`},
		{"index.waits", `{"waits":true}`},
		{"index.waits", `{"waits":false}`},
		{"index.handler", `{"do":"fail"}`},
		{"index.handler", `{"do":"throw later"}`},
		{"index.handler", `{"do":"exit","n":7}`},
		{"index.handler", `{"do":"exit","n":0}`},
		{"index.nothing", `{}`},
		{"index.notAFunction", `{}`},
		{"index", `{}`},
		{"absent.handler", `{}`},
		{"imports.handler", `{}`},
		{"syntax.handler", `{}`},
		{"throws.handler", `{}`},
		{"authorizer.handler", `{"type":"TOKEN","authorizationToken":"Bearer good","methodArn":"a/b/c"}`},
		{"authorizer.handler", `{"type":"TOKEN","authorizationToken":"Bearer bad","methodArn":"a/b/c"}`},
	}
	for _, name := range recordedNames(t) {
		tests = append(tests, struct{ handler, event string }{"replies.handler", `{"k":"` + name + `"}`})
	}
	for _, tt := range tests {
		t.Run(tt.handler+" "+tt.event, func(t *testing.T) {
			ours := nodeSpec(t, tt.handler)
			theirs := ours
			theirs.Runtime, theirs.Command = "", []string{"node", client, tt.handler}
			want, got := withoutFrames(replyOf(t, host, theirs, tt.event)), withoutFrames(replyOf(t, host, ours, tt.event))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-aws-lambda-ric +gatewayd):\n%s", diff)
			}
		})
	}
}

// withoutFrames leaves the first line of a message and of a trace; others name files of the runtime.
func withoutFrames(reply string) string {
	var document struct {
		Type    *string  `json:"errorType"`
		Message string   `json:"errorMessage"`
		Trace   []string `json:"trace"`
	}
	if json.Unmarshal([]byte(reply), &document) != nil || document.Type == nil {
		return reply
	}
	first := ""
	if len(document.Trace) > 0 {
		first = document.Trace[0]
	}
	message, _, _ := strings.Cut(document.Message, "\n")
	return *document.Type + "\n" + message + "\n" + first
}

// recordedNames are the idioms of testdata/aws/runtime-replies.jsonl.
func recordedNames(tb testing.TB) []string {
	tb.Helper()
	text, err := os.ReadFile("testdata/aws/runtime-replies.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		var row recorded
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			tb.Fatal(err)
		}
		names = append(names, row.Name)
	}
	return names
}
