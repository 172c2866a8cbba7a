package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

// answer is a function that always answers the same.
func answer(body string) lambda.Handler {
	return emulator.Func(func(context.Context, json.RawMessage) (events.APIGatewayProxyResponse, error) {
		return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: body}, nil
	})
}

// allow is an authorizer that allows every method and counts how often it is asked.
type allow struct {
	mu    sync.Mutex
	calls int
}

func (a *allow) handler() lambda.Handler {
	return emulator.Func(func(context.Context, json.RawMessage) (json.RawMessage, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.calls++
		return json.RawMessage(`{"principalId":"me","policyDocument":{"Version":"2012-10-17",
			"Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}}`), nil
	})
}

const guarded = `
api: { name: test, stage: dev }
authorizers: { auth: { function: auth, authorizerResultTtlInSeconds: 300 } }
routes: { GET /pets: { function: one, authorizer: auth } }
`

func TestNewReportsEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := emulator.New(emulator.Routes(`
api: { stge: dev }
routes:
  GET /pets: { function: nobody, authorizer: guard }
`), emulator.Functions{"somebody": answer("")}, nil)
	var got []string
	for _, p := range emulator.Problems(err) {
		got = append(got, p.String())
	}
	want := []string{
		`routes.yaml:2:8: unknown key "stge", did you mean "stage"?`,
		`routes.yaml:4:26: route "GET /pets": no function "nobody", did you mean "somebody"?`,
		`routes.yaml:4:46: route "GET /pets": no authorizer "guard"; the file declares none`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNewWithoutFile(t *testing.T) {
	t.Parallel()
	_, err := emulator.New(emulator.RoutesFile(filepath.Join(t.TempDir(), "routes.yaml")), nil, nil)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want an error that is fs.ErrNotExist", err)
	}
}

// file is a route file that a test rewrites.
type file struct {
	t    *testing.T
	path string
}

func newFile(t *testing.T, text string) file {
	t.Helper()
	f := file{t, filepath.Join(t.TempDir(), "routes.yaml")}
	f.write(text)
	return f
}

func (f file) write(text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func open(function string) string {
	return "api: { name: test, stage: dev }\nroutes: { GET /pets: " + function + " }\n"
}

func TestReloadSwapsInWhole(t *testing.T) {
	t.Parallel()
	f := newFile(t, open("one"))
	g := emulatortest.Run(t, emulator.RoutesFile(f.path), emulator.Functions{"one": answer("1"), "two": answer("2")}, nil)
	if got := g.Get("/dev/pets").Body; got != "1" {
		t.Errorf("before: got %q", got)
	}
	f.write(open("two"))
	if err := g.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := g.Get("/dev/pets").Body; got != "2" {
		t.Errorf("after: got %q", got)
	}
}

func TestReloadOfBrokenFileServesTheLastGoodOne(t *testing.T) {
	t.Parallel()
	f := newFile(t, open("one"))
	g := emulatortest.Run(t, emulator.RoutesFile(f.path), emulator.Functions{"one": answer("1")}, nil)
	f.write("routes: [")
	if err := g.Reload(); len(emulator.Problems(err)) == 0 {
		t.Errorf("got %v, want problems", err)
	}
	if got := g.Get("/dev/pets").Body; got != "1" {
		t.Errorf("got %q", got)
	}
	if g.Loaded().Failed == nil {
		t.Error("the failed load is not reported")
	}
	f.write(open("one"))
	if err := g.Reload(); err != nil || g.Loaded().Failed != nil {
		t.Errorf("mended: got %v, %v", err, g.Loaded().Failed)
	}
}

// However a reload came about, the log says what became of it, and whoever asked to be told is told.
func TestReloadIsLogged(t *testing.T) {
	t.Parallel()
	f, log := newFile(t, open("one")), &lines{}
	var failed []bool
	g := emulatortest.Run(t, emulator.RoutesFile(f.path), emulator.Functions{"one": answer("1")}, &emulator.Options{
		Log: log.logger(), OnLoad: func(l emulator.Load) { failed = append(failed, l.Failed != nil) },
	})
	for _, text := range []string{"routes: { GET /a: none, GET /b: none }", "", open("one")} {
		f.write(text)
		if text == "" {
			if err := os.Remove(f.path); err != nil {
				t.Fatal(err)
			}
		}
		_ = g.Reload() // the log says what it returns
	}
	want := []string{"no function", "no function", "problems=2", "cannot be read", "goes on serving", "route file reloaded"}
	got := log.texts()
	for i := range want {
		if len(got) != len(want) || !strings.Contains(got[i], want[i]) {
			t.Fatalf("got %q, want %q in its lines", got, want)
		}
	}
	if diff := cmp.Diff([]bool{true, true, false}, failed); diff != "" {
		t.Errorf("failed loads (-want +got):\n%s", diff)
	}
}

// A request finishes on the deployment that it began with.
func TestReloadLeavesRequestsInFlightAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t, open("slow"))
		slow := emulator.Func(func(context.Context, json.RawMessage) (events.APIGatewayProxyResponse, error) {
			time.Sleep(5 * time.Second)
			return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: "slow"}, nil
		})
		g := emulatortest.Run(t, emulator.RoutesFile(f.path), emulator.Functions{"slow": slow, "fast": answer("fast")}, nil)
		inFlight := make(chan string)
		go func() { inFlight <- g.Get("/dev/pets").Body }()
		synctest.Wait()
		f.write(open("fast"))
		if err := g.Reload(); err != nil {
			t.Fatal(err)
		}
		if got := g.Get("/dev/pets").Body; got != "fast" {
			t.Errorf("a new request: got %q", got)
		}
		if got := <-inFlight; got != "slow" {
			t.Errorf("the request in flight: got %q", got)
		}
	})
}

func TestReloadKeepsResultsOfTheSameAuthorizer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, after string
		wantCalls   int
	}{
		{name: "another route", after: guarded + "  # a comment\n", wantCalls: 1},
		{name: "another TTL", after: strings.Replace(guarded, "300", "301", 1), wantCalls: 2},
		{name: "another stage", after: strings.Replace(guarded, "stage: dev", "stage: dev, region: eu-west-1", 1), wantCalls: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, auth := newFile(t, guarded), &allow{}
			g := emulatortest.Run(t, emulator.RoutesFile(f.path), emulator.Functions{"one": answer("1"), "auth": auth.handler()}, nil)
			g.Get("/dev/pets", "Authorization", "token")
			f.write(tt.after)
			if err := g.Reload(); err != nil {
				t.Fatal(err)
			}
			g.Get("/dev/pets", "Authorization", "token")
			if auth.calls != tt.wantCalls {
				t.Errorf("got %d calls, want %d", auth.calls, tt.wantCalls)
			}
		})
	}
}

func TestFastForwardPassesTheTTL(t *testing.T) {
	t.Parallel()
	auth := &allow{}
	g := emulatortest.Run(t, emulator.Routes(guarded), emulator.Functions{"one": answer("1"), "auth": auth.handler()}, nil)
	for _, step := range []struct {
		ahead     time.Duration
		wantState trace.CacheState
	}{
		{0, trace.Miss}, {299 * time.Second, trace.Hit}, {2 * time.Second, trace.Miss}, {0, trace.Hit},
	} {
		g.FastForward(step.ahead)
		if got := g.Get("/dev/pets", "Authorization", "token").Trace.Cache.State; got != step.wantState {
			t.Errorf("%v later: got %s, want %s", step.ahead, got, step.wantState)
		}
	}
	g.Reset()
	if got := g.Get("/dev/pets", "Authorization", "token").Trace.Cache.State; got != trace.Miss {
		t.Errorf("after a reset: got %s", got)
	}
}

func TestWatchReloads(t *testing.T) {
	t.Parallel()
	replace := func(f file, text string) {
		next := f.path + ".new"
		if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
			f.t.Fatal(err)
		}
		if err := os.Rename(next, f.path); err != nil {
			f.t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		edit func(file)
		want string
	}{
		{"written in place", func(f file) { f.write(open("two")) }, "2"},
		{"renamed over", func(f file) { replace(f, open("two")) }, "2"},
		{"same size, same time", func(f file) {
			info, err := os.Stat(f.path)
			if err != nil {
				f.t.Fatal(err)
			}
			f.write(open("two"))
			if err := os.Chtimes(f.path, info.ModTime(), info.ModTime()); err != nil {
				f.t.Fatal(err)
			}
		}, "2"},
		{"removed", func(f file) {
			if err := os.Remove(f.path); err != nil {
				f.t.Fatal(err)
			}
		}, "1"},
		{"broken", func(f file) { f.write("routes: [") }, "1"},
		{"broken, then mended", func(f file) {
			f.write("routes: [")
			time.Sleep(time.Second)
			f.write(open("two"))
		}, "2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFile(t, open("one"))
				g := emulatortest.Run(t, emulator.RoutesFile(f.path), emulator.Functions{"one": answer("1"), "two": answer("2")}, nil)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go g.Watch(ctx)
				synctest.Wait()
				tt.edit(f)
				time.Sleep(time.Second) // of the bubble: changes are seen within a second
				if got := g.Get("/dev/pets").Body; got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// An emulator is a handler for a server of the user's own, and many live in one process.
func TestEmulatorsAreIndependent(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"1", "2"} {
		e, err := emulator.New(emulator.Routes(open("one")), emulator.Functions{"one": answer(body)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/dev/pets", nil))
		if got := w.Body.String(); got != body {
			t.Errorf("got %q, want %q", got, body)
		}
	}
}

func TestTracesAreBounded(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.Routes(open("one")), emulator.Functions{"one": answer("1")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for range 1001 {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/dev/pets", nil))
		for name, values := range w.Header() {
			if strings.EqualFold(name, "x-amzn-RequestId") { // spelled as API Gateway does, not as net/http would
				ids = append(ids, values...)
			}
		}
	}
	if len(ids) != 1001 {
		t.Fatalf("got %d ids", len(ids))
	}
	if _, ok := e.Trace(ids[0]); ok {
		t.Error("the oldest trace is still there")
	}
	for _, id := range ids[1:] {
		if _, ok := e.Trace(id); !ok {
			t.Errorf("no trace %s", id)
		}
	}
}

// Warnings are written once, however many requests give rise to them.
func TestWarningsAppearOnce(t *testing.T) {
	t.Parallel()
	log := &lines{}
	nameless := emulator.Func(func(context.Context, json.RawMessage) (json.RawMessage, error) {
		return json.RawMessage(`{"policyDocument":{"Version":"2012-10-17",
			"Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}}`), nil
	})
	g := emulatortest.Run(t, emulator.Routes(guarded), emulator.Functions{"one": answer("1"), "auth": nameless},
		&emulator.Options{Log: log.logger()})
	for _, token := range []string{"a", "b"} {
		if got := g.Get("/dev/pets", "Authorization", token); got.Status != http.StatusOK {
			t.Fatal(got)
		}
	}
	if len(log.texts()) != 1 || !strings.Contains(log.texts()[0], "principalId") {
		t.Errorf("got %q, want one warning about principalId", log.texts())
	}
}
