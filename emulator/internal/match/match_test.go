package match_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/match"
)

func Example() {
	tree := match.New([]apigw.Route{
		{Method: "GET", Path: "/users/{userId}"},
		{Method: "PATCH", Path: "/users/me"},
	})
	m, ok := tree.Match("GET", "/users/me")
	fmt.Println(m.Index, m.Params, ok)
	_, ok = tree.Match("POST", "/users/me")
	fmt.Println(ok)
	// Output:
	// 0 [{userId me}] true
	// false
}

// routesOf makes routes of their keys, each on a line of its own.
func routesOf(keys ...string) []apigw.Route {
	var routes []apigw.Route
	for i, key := range keys {
		method, path, _ := strings.Cut(key, " ")
		at := apigw.Position{File: "routes.yaml", Line: i + 1, Column: 3}
		routes = append(routes, apigw.Route{Method: method, Path: path, Position: at})
	}
	return routes
}

func TestAWS(t *testing.T) {
	t.Parallel()
	var cases []struct {
		Name, Source, Confidence string
		Routes                   []string
		Requests                 []struct {
			Method, Path string
			Want         string // the route key, or "" for none
			Params       map[string]string
		}
	}
	text, err := os.ReadFile("testdata/aws/routing.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			tree := match.New(routesOf(c.Routes...))
			for _, r := range c.Requests {
				got := ""
				var params map[string]string
				if m, ok := tree.Match(r.Method, r.Path); ok {
					got = c.Routes[m.Index]
					for _, p := range m.Params {
						if params == nil {
							params = map[string]string{}
						}
						params[p.Name] = p.Value
					}
				}
				if diff := cmp.Diff(r.Want, got); diff != "" {
					t.Errorf("%s %s: route (-want +got):\n%s(%s: %s)", r.Method, r.Path, diff, c.Confidence, c.Source)
				}
				if diff := cmp.Diff(r.Params, params); diff != "" {
					t.Errorf("%s %s: params (-want +got):\n%s(%s: %s)", r.Method, r.Path, diff, c.Confidence, c.Source)
				}
			}
		})
	}
}

func TestMatchParams(t *testing.T) {
	t.Parallel()
	tree := match.New(routesOf("GET /{tenant}/users/{userId}/{path+}"))
	got, ok := tree.Match("GET", "/acme/users/42/a//b/")
	want := match.Match{Index: 0, Params: []match.Param{{"tenant", "acme"}, {"userId", "42"}, {"path", "a//b"}}}
	if !ok {
		t.Fatal("no route")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Match (-want +got):\n%s", diff)
	}
}

// What Validate refuses must not stop New.
func TestNewInvalidRoutes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		routes       []string
		method, path string
		want         int // -1 for none
	}{
		{"no routes", nil, "GET", "/", -1},
		{"no path", []string{"GET "}, "GET", "/", 0},
		{"no leading slash", []string{"GET users"}, "GET", "/users", 0},
		{"one resource with and without a slash", []string{"GET /users/", "GET /users"}, "GET", "/users", 0},
		{"two equal routes", []string{"GET /users", "GET /users"}, "GET", "/users", 0},
		{"greedy in the middle", []string{"GET /{path+}/end"}, "GET", "/a/end", -1},
		{"malformed parameter", []string{"GET /{a"}, "GET", "/{a", 0},
		{"malformed parameter takes nothing else", []string{"GET /{a"}, "GET", "/b", -1},
		{"unknown method", []string{"BREW /pot"}, "BREW", "/pot", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := -1
			if m, ok := match.New(routesOf(tt.routes...)).Match(tt.method, tt.path); ok {
				got = m.Index
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Match (-want +got):\n%s", diff)
			}
		})
	}
}

// AllocsPerRun counts the whole process, so this test does not run in parallel.
func TestMatchAllocations(t *testing.T) {
	tree := match.New(routesOf("GET /users", "GET /users/{userId}", "GET /{proxy+}", "PATCH /users/{userId}/a"))
	for path, want := range map[string]float64{"/users/": 0, "/users/42": 1, "/users/42/a": 1, "/": 0} {
		if got := testing.AllocsPerRun(100, func() { tree.Match("GET", path) }); got != want {
			t.Errorf("Match GET %s: %v allocations, want %v", path, got, want)
		}
	}
}
