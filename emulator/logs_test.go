package emulator_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

// What a program writes while it is called is in the trace of the request, its secrets masked, and a person reads its end when
// the program decided.
func TestProgramLogIsInTheTrace(t *testing.T) {
	t.Parallel()
	folder := program(t, "python3", "app.py", `
def handler(event, context):
    for n in range(1000):
        print("line", n, "." * 100)
    print("the token", event["authorizationToken"], "has expired; DB_PASSWORD=hunter2hunter2")
    raise Exception("Unauthorized")
`)
	ended := make(chan string, 1)
	g := emulatortest.Run(t, emulator.Routes(`
functions: { guard: { runtime: python3.11, handler: app.handler, directory: `+folder+`, timeout: 20 } }
authorizers: { guard: { function: guard } }
routes: { GET /: { function: guard, authorizer: guard } }
`), nil, &emulator.Options{Programs: emulator.Programs{OnOutput: func(line emulator.FunctionLine) {
		if line.Last {
			ended <- line.RequestID
		}
	}}})
	got := g.Get("/local/", "Authorization", "hunter2-hunter2-tail99")
	got.AssertRefused(t, trace.AuthorizerUnauthorized)
	var invocation string
	select {
	case invocation = <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the log does not end")
	}
	text, err := json.Marshal(got.Trace)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Steps []struct {
			Name   string
			Detail struct {
				InvocationID string
				Log          []string
			}
		}
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	detail := read.Steps[len(read.Steps)-1].Detail
	if detail.InvocationID != invocation {
		t.Errorf("the trace has the call %q, want %q", detail.InvocationID, invocation)
	}
	log := strings.Join(detail.Log, "\n")
	if len(log) > 17<<10 || !strings.HasPrefix(detail.Log[len(detail.Log)-1], "REPORT RequestId: "+invocation) {
		t.Errorf("%d bytes of a log, which ends with %q", len(log), detail.Log[len(detail.Log)-1])
	}
	const line = "the token ********tail99 has expired; DB_PASSWORD=********unter2"
	if !strings.Contains(log, "\n"+line+"\n") {
		t.Errorf("the log has no %q:\n%s", line, log)
	}
	var rendered strings.Builder
	if err := trace.Render(&rendered, got.Trace, trace.RenderOptions{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(rendered.String(), "  log: "+line+"\n") || strings.Count(rendered.String(), "\n") > 24 {
		t.Errorf("rendered without the end of the log:\n%s", &rendered)
	}
	g.Reset()
	if text, err := json.Marshal(got.Trace); err != nil || strings.Contains(string(text), "has expired") {
		t.Errorf("after a reset the log is still there: %v", err)
	}
}

// What an authorizer answered is in the trace as it was understood.
func TestParsedResultIsInTheTrace(t *testing.T) {
	t.Parallel()
	answered := emulatortest.NewAnswer("Allow", "me")
	answered.Context = map[string]any{"n": 1, "on": true, "none": nil, "password": "hunter2-hunter2"}
	answered.UsageIdentifierKey = "0123456789abcdef"
	g := emulatortest.Run(t, emulator.Routes(verifiedRoutes), emulator.Functions{"guard": emulatortest.Answers(answered), "one": answer("1")}, nil)
	text, err := json.Marshal(g.Get("/dev/pets", "Authorization", "x").Trace)
	if err != nil {
		t.Fatal(err)
	}
	want := `"context":{"n":"1","none":null,"on":"true","password":"********unter2"},"usageIdentifierKey":"********abcdef","invocationId":"`
	if !strings.Contains(string(text), want) {
		t.Errorf("the trace has no %s:\n%s", want, text)
	}
}

// Of many calls, the newest logs are kept.
func BenchmarkProgramLog(b *testing.B) {
	e, err := emulator.New(emulator.Routes("routes: { GET /: one }"), emulator.Functions{"one": answer("1")}, nil)
	if err != nil {
		b.Fatal(err)
	}
	line := strings.Repeat("x", 100)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		emulator.AddLine(e, emulator.FunctionLine{RequestID: fmt.Sprint(i), Text: line})
	}
	if kept := emulator.KeptLogs(e); kept > 4<<20 {
		b.Errorf("%d bytes are kept", kept)
	}
}
