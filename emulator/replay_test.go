package emulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

// A request is made again with everything that its client sent, secrets and the spelling of names included, in both lanes; the
// JSON of its trace has the secrets masked.
func TestReplay(t *testing.T) {
	t.Parallel()
	const secret = "a-secret-of-its-own"
	for _, jsonLane := range []bool{false, true} {
		var mu sync.Mutex
		var seen []events.APIGatewayProxyRequest
		echo := func(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, e)
			return events.APIGatewayProxyResponse{StatusCode: http.StatusCreated}, nil
		}
		e, err := emulator.New(emulator.Routes("api: { stage: dev }\nroutes: { 'POST /a/{b}': { function: echo, authorizer: NONE } }\n"),
			emulator.Functions{"echo": emulator.Func(echo)}, &emulator.Options{JSONLane: jsonLane})
		if err != nil {
			t.Fatal(err)
		}
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var serving sync.WaitGroup
		serving.Go(func() {
			if err := e.Serve(ctx, listener); err != nil {
				t.Error(err)
			}
		})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+listener.Addr().String()+"/dev/a/%62?q=1&q=%7e&token="+secret,
			strings.NewReader(`{"n":1.0,"password":"`+secret+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header["x-LOWER"] = []string{"1"}
		r.Header.Set("Authorization", "Bearer "+secret)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		id := response.Header.Get("X-Amzn-Requestid")

		again, err := e.Replay(t.Context(), id, emulator.Replay{})
		if err != nil || again.Status != http.StatusCreated || again.ReplayOf != id || again.RequestID == id {
			t.Errorf("replayed: %v, error %v", again.Line(), err)
		}
		kept, ok := e.Trace(again.RequestID)
		if !ok || kept.ReplayOf != id {
			t.Errorf("the replay is kept: %t", ok)
		}
		changed, err := e.Replay(t.Context(), again.RequestID, emulator.Replay{Path: "/dev/none", Body: new("other")})
		if err != nil || changed.Code != trace.RouteNotFoundAuthorization {
			t.Errorf("changed: %v, error %v", changed.Line(), err)
		}
		if len(seen) != 2 {
			t.Fatalf("%d calls of the function, want 2", len(seen))
		}
		for i := range seen { // what each request has for itself
			seen[i].RequestContext = events.APIGatewayProxyRequestContext{}
			delete(seen[i].Headers, "X-Amzn-Trace-Id")
			delete(seen[i].MultiValueHeaders, "X-Amzn-Trace-Id")
		}
		if diff := cmp.Diff(seen[0], seen[1]); diff != "" {
			t.Errorf("JSON lane %t: events of the request and its replay (-first +again):\n%s", jsonLane, diff)
		}
		if seen[1].Headers["x-LOWER"] != "1" || seen[1].Headers["Authorization"] != "Bearer "+secret {
			t.Errorf("headers %v", seen[1].Headers)
		}
		for _, shown := range []trace.Trace{kept, again, changed} {
			text, err := json.Marshal(shown)
			if err != nil || bytes.Contains(text, []byte(secret)) {
				t.Errorf("error %v; the trace tells the secret:\n%s", err, text)
			}
		}
		stop()
		serving.Wait()
	}
}

func TestReplayOfNothing(t *testing.T) {
	t.Parallel()
	g := newTwo(t, `{}`, nil)
	if _, err := g.Replay(t.Context(), "none", emulator.Replay{}); err == nil || !strings.Contains(err.Error(), "no trace of request") {
		t.Errorf("error %v", err)
	}
}
