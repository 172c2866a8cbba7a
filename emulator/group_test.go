package emulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
)

func ExampleNewGroup() {
	pets, err := emulator.New(emulator.Routes(`{api: {name: pets, stage: pets}, routes: {GET /: {mock: {body: a pet}}}}`), nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	orders, err := emulator.New(emulator.Routes(`{api: {name: orders, id: orders, basePath: /pets/orders}, routes: {GET /: {mock: {body: an order}}}}`), nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	group, err := emulator.NewGroup(pets, orders)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, url := range []string{"http://localhost/pets", "http://localhost/pets/orders", "http://orders.execute-api.localhost:3000/pets/orders", "http://localhost/cats"} {
		w := httptest.NewRecorder()
		group.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 a pet
	// 200 an order
	// 200 an order
	// 403 {"message":"Forbidden"}
}

// newAPI is an emulator of a route file, on a clock that others may share.
func newAPI(t *testing.T, source emulator.Source, clock *emulator.Clock) *emulator.Emulator {
	t.Helper()
	e, err := emulator.New(source, emulator.Functions{"f": emulator.Func(func(context.Context, json.RawMessage) (any, error) {
		return map[string]any{"statusCode": 200, "body": "f"}, nil
	})}, &emulator.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func ask(t *testing.T, h http.Handler, url string, into any) int {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, url, nil)
	if strings.Contains(url, "/_gatewayd/") {
		r.Host = "localhost"
	}
	h.ServeHTTP(w, r)
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatalf("%s: %d %s: %v", url, w.Code, w.Body, err)
		}
	}
	return w.Code
}

// The base path and the id of each API must be its own, also after a reload: then the last good version goes on serving.
func TestGroupCollisions(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "b.yaml")
	writeFile := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	clock := emulator.NewClock()
	a := newAPI(t, emulator.Routes("api: { name: a, stage: a }\nroutes: { GET /x: f }\n"), clock)

	writeFile("api: { name: a, stage: b, basePath: /a }\nroutes: { GET /x: f }\n")
	_, err := emulator.NewGroup(a, newAPI(t, emulator.RoutesFile(file), clock))
	var got []string
	for _, p := range emulator.Problems(err) {
		got = append(got, fmt.Sprintf("%d:%d %s", p.Position.Line, p.Position.Column, p.Message))
	}
	id := a.Loaded().API.ID
	want := []string{
		`1:14 the id "` + id + `" is that of routes.yaml, too; give each API its own id, or a name that it is derived from`,
		`1:37 the base path "/a" is that of routes.yaml, too; give each API its own basePath or stage`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}

	writeFile("api: { name: b, stage: b }\nroutes: { GET /x: f }\n")
	b := newAPI(t, emulator.RoutesFile(file), clock)
	group, err := emulator.NewGroup(a, b)
	if err != nil {
		t.Fatal(err)
	}
	writeFile("api: { name: b, stage: a }\nroutes: { GET /x: f }\n")
	if err := b.Reload(); err == nil || !strings.Contains(err.Error(), `the base path "/a"`) {
		t.Errorf("reload: got %v, want a collision", err)
	}
	if status := ask(t, group, "/b/x", nil); status != 200 {
		t.Errorf("the last good version: got %d, want 200", status)
	}
	writeFile("api: { name: b, stage: c }\nroutes: { GET /x: f }\n")
	if err := group.Reload(); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]int{"/a/x": 200, "/b/x": 403, "/c/x": 200} {
		if status := ask(t, group, path, nil); status != want {
			t.Errorf("%s: got %d, want %d", path, status, want)
		}
	}
}

// The control API says which API a route, an authorizer and a trace belong to, and tells of one alone when asked.
func TestGroupControl(t *testing.T) {
	t.Parallel()
	clock := emulator.NewClock()
	routes := func(name string) emulator.Source {
		return emulator.Routes(`{api: {name: ` + name + `, id: id` + name + `, stage: ` + name + `}, authorizers: {auth: {type: TOKEN, function: f}},
			routes: {GET /open: f, GET /guarded: {function: f, authorizer: auth}}}`)
	}
	group, err := emulator.NewGroup(newAPI(t, routes("a"), clock), newAPI(t, routes("b"), clock))
	if err != nil {
		t.Fatal(err)
	}
	ask(t, group, "/a/open", nil)
	ask(t, group, "/b/open", nil)
	ask(t, group, "/b/guarded", nil)
	ask(t, group, "/c/open", nil)
	control := group.Control(emulator.ControlOptions{BaseURL: "http://x"})
	type item struct{ API, Route, Path, Name, URL string }
	for _, test := range []struct {
		url  string
		want []item
	}{
		{"/_gatewayd/traces", []item{
			{Path: "/c/open"},
			{API: "idb", Route: "GET /guarded", Path: "/b/guarded"},
			{API: "idb", Route: "GET /open", Path: "/b/open"},
			{API: "ida", Route: "GET /open", Path: "/a/open"},
		}},
		{"/_gatewayd/traces?api=a&limit=5", []item{{API: "ida", Route: "GET /open", Path: "/a/open"}}},
		{"/_gatewayd/routes", []item{
			{API: "ida", Path: "/open", URL: "http://x/a/open"},
			{API: "ida", Path: "/guarded", URL: "http://x/a/guarded"},
			{API: "idb", Path: "/open", URL: "http://x/b/open"},
			{API: "idb", Path: "/guarded", URL: "http://x/b/guarded"},
		}},
		{"/_gatewayd/routes?api=idb", []item{{Path: "/open", URL: "http://x/b/open"}, {Path: "/guarded", URL: "http://x/b/guarded"}}},
		{"/_gatewayd/authorizers", []item{{API: "ida", Name: "auth"}, {API: "idb", Name: "auth"}}},
	} {
		var got []item
		ask(t, control, test.url, &got)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.url, diff)
		}
	}
	var config struct {
		Name string
		APIs []struct{ Name, BasePath string }
	}
	ask(t, control, "/_gatewayd/config", &config)
	if len(config.APIs) != 2 || config.APIs[1].BasePath != "/b" || config.Name != "a" {
		t.Errorf("config is %+v", config)
	}
	if status := ask(t, control, "/_gatewayd/authorizers/auth@b/cache", nil); status != 200 {
		t.Errorf("the cache of auth@b: got %d", status)
	}
	var health struct{ Routes int }
	if ask(t, control, "/_gatewayd/health", &health); health.Routes != 4 {
		t.Errorf("health: %+v", health)
	}
}

// One API in a group is as it is without.
func TestGroupOfOne(t *testing.T) {
	t.Parallel()
	e := newAPI(t, emulator.Routes("{api: {stage: a}, routes: {GET /x: f}}"), emulator.NewClock())
	group, err := emulator.NewGroup(e)
	if err != nil {
		t.Fatal(err)
	}
	if status := ask(t, group, "http://other.execute-api.localhost/a/x", nil); status != 200 {
		t.Errorf("got %d", status)
	}
	own, grouped := httptest.NewRecorder(), httptest.NewRecorder()
	for w, h := range map[*httptest.ResponseRecorder]http.Handler{own: e.Control(emulator.ControlOptions{}), grouped: group.Control(emulator.ControlOptions{})} {
		r := httptest.NewRequest(http.MethodGet, "/_gatewayd/traces", nil)
		r.Host = "localhost"
		h.ServeHTTP(w, r)
	}
	if diff := cmp.Diff(own.Body.String(), grouped.Body.String()); diff != "" || strings.Contains(own.Body.String(), `"api"`) {
		t.Errorf("traces (-alone +group):\n%s", diff)
	}
	if _, err := emulator.NewGroup(); err == nil {
		t.Error("a group of none")
	}
}

// Variables of programs are for those of any API, and an error where no API has such a function.
func TestGroupVariables(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"program": "", "progam": `variables of function "progam": there is no such function, did you mean "program"?`,
	} {
		options := &emulator.Options{Programs: emulator.Programs{Shared: true, Variables: map[string]map[string]string{name: {"A": "b"}}}}
		var members []*emulator.Emulator
		for _, routes := range []string{
			"{api: {name: a, stage: a}, functions: {program: {command: [x]}}, routes: {GET /x: program}}",
			"{api: {name: b, stage: b}, routes: {GET /x: {mock: {}}}}",
		} {
			e, err := emulator.New(emulator.Routes(routes), nil, options)
			if err != nil {
				t.Fatal(err)
			}
			members = append(members, e)
		}
		got := ""
		if _, err := emulator.NewGroup(members...); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// Requests and reloads of several APIs at once.
func TestGroupConcurrently(t *testing.T) {
	t.Parallel()
	clock := emulator.NewClock()
	group, err := emulator.NewGroup(
		newAPI(t, emulator.Routes("{api: {name: a, stage: a}, routes: {GET /x: f}}"), clock),
		newAPI(t, emulator.Routes("{api: {name: b, stage: b}, routes: {GET /x: f}}"), clock),
	)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for i := range 8 {
		running.Go(func() {
			for range 50 {
				if i == 0 {
					if err := group.Reload(); err != nil {
						t.Error(err)
					}
					continue
				}
				path := []string{"/a/x", "/b/x"}[i%2]
				w := httptest.NewRecorder()
				group.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
				if w.Code != 200 {
					t.Errorf("%s: got %d", path, w.Code)
				}
			}
		})
	}
	running.Wait()
}

func BenchmarkGroup(b *testing.B) {
	var members []*emulator.Emulator
	for i := range 4 {
		e, err := emulator.New(emulator.Routes(fmt.Sprintf("{api: {name: a%d, stage: a%d}, routes: {GET /x: {mock: {}}}}", i, i)), nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		members = append(members, e)
	}
	alone := members[3]
	group, err := emulator.NewGroup(members...)
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/a3/x", nil)
	for name, h := range map[string]http.Handler{"alone": alone, "of four": group} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
