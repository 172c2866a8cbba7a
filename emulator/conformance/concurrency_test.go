package conformance_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gatewayd/emulator"
)

// TestMain adds the flag -million, with which the tests of answers that might be mixed up send that many requests.
func TestMain(m *testing.M) {
	flag.Bool("million", false, "send a million requests in TestAnswersAreNotMixedUp and its like, not a hundred thousand")
	m.Run()
}

func million() bool { return flag.Lookup("million").Value.String() == "true" }

const echoRoutes = `
api: { stage: dev }
authorizers:
  kept: { function: authorizer }
  fresh: { function: authorizer, authorizerResultTtlInSeconds: 0 }
  typed-kept: { function: typed-authorizer }
  typed-fresh: { function: typed-authorizer, authorizerResultTtlInSeconds: 0 }
routes:
  GET /kept/{n}: { function: backend, authorizer: kept }
  GET /fresh/{n}: { function: backend, authorizer: fresh }
  GET /typed-kept/{n}: { function: typed-backend, authorizer: typed-kept }
  GET /typed-fresh/{n}: { function: typed-backend, authorizer: typed-fresh }
`

// newEcho is a gateway whose authorizer lets the caller with the token N read /kept/N and the like and nothing else, and
// whose backend answers who the authorizer says is calling. Both functions are there twice: called through JSON, and with API
// Gateway's own events as structs. The counter has the calls of the authorizers, each of which takes as long as given.
func newEcho(t *testing.T, source emulator.Source, takes time.Duration) (*emulator.Emulator, *atomic.Int64) {
	t.Helper()
	calls := &atomic.Int64{}
	decide := func(token, methodARN string) json.RawMessage {
		calls.Add(1)
		if takes > 0 {
			time.Sleep(takes)
		}
		stage := strings.Join(strings.SplitN(methodARN, "/", 3)[:2], "/")
		return fmt.Appendf(nil, `{"principalId":"p%[1]s","context":{"n":"%[1]s"},"policyDocument":{"Version":"2012-10-17",`+
			`"Statement":[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"%[2]s/GET/*/%[1]s"}]}}`, token, stage)
	}
	authorize := func(_ context.Context, event struct{ AuthorizationToken, MethodARN string }) (json.RawMessage, error) {
		return decide(event.AuthorizationToken, event.MethodARN), nil
	}
	authorizeTyped := func(_ context.Context, event events.APIGatewayCustomAuthorizerRequest) (json.RawMessage, error) {
		return decide(event.AuthorizationToken, event.MethodArn), nil
	}
	type echo struct {
		PathParameters map[string]string
		RequestContext struct {
			Authorizer struct{ PrincipalID, N string }
		}
	}
	answer := func(_ context.Context, event echo) (map[string]any, error) {
		a := event.RequestContext.Authorizer
		return map[string]any{"statusCode": http.StatusOK, "body": a.PrincipalID + " " + a.N + " " + event.PathParameters["n"]}, nil
	}
	answerTyped := func(_ context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		a := event.RequestContext.Authorizer
		body := fmt.Sprint(a["principalId"], " ", a["n"], " ", event.PathParameters["n"])
		clear(a) // it is this request's own
		clear(event.PathParameters)
		return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: body}, nil
	}
	e, err := emulator.New(source, emulator.Functions{
		"authorizer": emulator.Func(authorize), "backend": emulator.Func(answer),
		"typed-authorizer": emulator.Func(authorizeTyped), "typed-backend": emulator.Func(answerTyped),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e, calls
}

// ask sends a request straight to the gateway.
func ask(e *emulator.Emulator, target, token string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	request.Header.Set("Authorization", token)
	recorder := httptest.NewRecorder()
	e.ServeHTTP(recorder, request)
	return recorder
}

// No request gets what another one's authorizer said: neither its principal nor its context nor its policy, whether results
// are kept or not, and whether the functions are called through JSON or not. One in four is for somebody else's path, and must
// be denied.
func TestAnswersAreNotMixedUp(t *testing.T) {
	t.Parallel()
	requests := 100_000
	switch {
	case million():
		requests = 1_000_000
	case testing.Short():
		requests = 10_000
	}
	e, calls := newEcho(t, emulator.Routes(echoRoutes), 0)
	askMany(t, requests, calls, func(target, token string) (int, string) {
		got := ask(e, target, token)
		return got.Code, got.Body.String()
	})
}

// The same over connections, where a function runs on the goroutine that serves its connection. No two responses have the same
// request id.
func TestAnswersOverConnectionsAreNotMixedUp(t *testing.T) {
	t.Parallel()
	requests := 10_000
	switch {
	case million():
		requests = 1_000_000
	case testing.Short():
		requests = 2000
	}
	e, calls := newEcho(t, emulator.Routes(echoRoutes), 0)
	server := httptest.NewServer(e)
	defer server.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: askers}
	defer transport.CloseIdleConnections()
	var ids sync.Map
	askMany(t, requests, calls, func(target, token string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+target, http.NoBody)
		if err != nil {
			return 0, err.Error()
		}
		request.Header.Set("Authorization", token)
		response, err := transport.RoundTrip(request)
		if err != nil {
			return 0, err.Error()
		}
		defer response.Body.Close()
		id := response.Header.Get("X-Amzn-Requestid")
		if _, again := ids.LoadOrStore(id, true); again {
			return 0, "two responses have the request id " + id
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return 0, err.Error()
		}
		return response.StatusCode, string(body)
	})
}

// askers is how many requests are made at a time.
const askers = 16

// askMany sends requests of many identities at once and checks each answer against its own request.
func askMany(t *testing.T, requests int, calls *atomic.Int64, send func(target, token string) (status int, body string)) {
	t.Helper()
	identities := min(5000, requests/2)
	var next, wrong atomic.Int64
	var group sync.WaitGroup
	for range askers {
		group.Go(func() {
			for i := int(next.Add(1)); i <= requests; i = int(next.Add(1)) {
				if problem := askWhoIAm(send, i, i%identities); problem != "" && wrong.Add(1) <= 10 {
					t.Error(problem)
				}
			}
		})
	}
	group.Wait()
	if n := wrong.Load(); n > 0 {
		t.Errorf("%d of %d answers are wrong", n, requests)
	}
	// Half of the requests call the authorizer each; the others call it once an identity, or a few times at once.
	if n, least := int(calls.Load()), requests/2+identities/2; n < least || n > least+identities*askers/2 {
		t.Errorf("the authorizer was called %d times for %d requests", n, requests)
	}
}

// askWhoIAm sends the request of a number and says what is wrong with the answer.
func askWhoIAm(send func(target, token string) (int, string), number, identity int) string {
	routes := [...]string{"/dev/kept/", "/dev/fresh/", "/dev/typed-kept/", "/dev/typed-fresh/"}
	token, path := strconv.Itoa(identity), identity
	wantStatus, wantBody := http.StatusOK, fmt.Sprintf("p%[1]s %[1]s %[1]s", token)
	if number/len(routes)%4 == 3 {
		path++
		wantStatus = http.StatusForbidden
		wantBody = `{"Message":"User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action"}`
	}
	target := routes[number%len(routes)] + strconv.Itoa(path)
	if status, body := send(target, token); status != wantStatus || body != wantBody {
		return fmt.Sprintf("%s with token %s: got %d %s, want %d %s", target, token, status, body, wantStatus, wantBody)
	}
	return ""
}

// Requests with one identity that come at once call the authorizer once each (rest-authorizer 7.16, inferred).
func TestSimultaneousMisses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const clients = 8
		e, calls := newEcho(t, emulator.Routes(echoRoutes), 100*time.Millisecond)
		var group sync.WaitGroup
		for range clients {
			group.Go(func() {
				if got := ask(e, "/dev/kept/1", "1"); got.Body.String() != "p1 1 1" {
					t.Errorf("got %d %s", got.Code, got.Body)
				}
			})
		}
		group.Wait()
		if got := calls.Load(); got != clients {
			t.Errorf("%d calls for %d requests at once", got, clients)
		}
		ask(e, "/dev/kept/1", "1")
		if got := calls.Load(); got != clients {
			t.Error("the result was not kept")
		}
	})
}

// The number of results that are kept is bounded: a client that makes up identities cannot fill the memory.
func TestKeptResultsAreBounded(t *testing.T) {
	t.Parallel()
	const bound = 10_000
	e, calls := newEcho(t, emulator.Routes(echoRoutes), 0)
	for i := range bound + 1 {
		ask(e, "/dev/kept/"+strconv.Itoa(i), strconv.Itoa(i))
	}
	before := calls.Load()
	if got := ask(e, "/dev/kept/"+strconv.Itoa(bound), strconv.Itoa(bound)); got.Code != http.StatusOK || calls.Load() != before {
		t.Errorf("the newest result was not kept: %d", got.Code)
	}
	if got := ask(e, "/dev/kept/0", "0"); got.Code != http.StatusOK || calls.Load() != before+1 {
		t.Errorf("the oldest of %d results was kept: %d", bound+1, got.Code)
	}
}

// A reload that changes an authorizer while it is being called does not keep the old one's answer for the new one
// (rest-authorizer 7.14, inferred).
func TestReloadDuringACall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "routes.yaml")
		write := func(text string) {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(echoRoutes)
		e, calls := newEcho(t, emulator.RoutesFile(file), 100*time.Millisecond)
		var group sync.WaitGroup
		group.Go(func() {
			if got := ask(e, "/dev/kept/1", "1"); got.Code != http.StatusOK {
				t.Errorf("a request in flight: got %d %s", got.Code, got.Body)
			}
		})
		time.Sleep(50 * time.Millisecond)
		write(strings.Replace(echoRoutes, "kept: { function: authorizer }", "kept: { function: authorizer, authorizerResultTtlInSeconds: 60 }", 1))
		if err := e.Reload(); err != nil {
			t.Fatal(err)
		}
		group.Wait()
		ask(e, "/dev/kept/1", "1")
		if got := calls.Load(); got != 2 {
			t.Errorf("the authorizer was called %d times, want 2", got)
		}
	})
}

// API Gateway finishes what it began when a client goes away: the result is kept for the next one.
func TestClientThatGoesAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, calls := newEcho(t, emulator.Routes(echoRoutes), 100*time.Millisecond)
		ctx, leave := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer leave()
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/dev/kept/1", http.NoBody)
		request.Header.Set("Authorization", "1")
		e.ServeHTTP(httptest.NewRecorder(), request)
		if got := ask(e, "/dev/kept/1", "1"); got.Body.String() != "p1 1 1" {
			t.Errorf("got %d %s", got.Code, got.Body)
		}
		if got := calls.Load(); got != 1 {
			t.Errorf("the authorizer was called %d times, want 1", got)
		}
	})
}
