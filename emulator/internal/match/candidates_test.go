package match_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/match"
)

func ExampleTree_Candidates() {
	tree := match.New(routesOf("GET /users/{userId}", "PATCH /users/me"))
	for _, path := range []string{"/users/me", "/user/42"} {
		fmt.Println("GET", path)
		for _, c := range tree.Candidates("GET", path) {
			fmt.Printf("- %s (%s): %s\n", c.Route, c.Source, cmp.Or(c.Reason, "chosen"))
		}
	}
	// Output:
	// GET /users/me
	// - GET /users/{userId} (routes.yaml:1:3): chosen
	// - PATCH /users/me (routes.yaml:2:3): its resource has no GET method, only PATCH
	// GET /user/42
	// - GET /users/{userId} (routes.yaml:1:3): segment 1 is "users", not "user"; did you mean GET "/users/42"?
	// - PATCH /users/me (routes.yaml:2:3): segment 1 is "users", not "user"
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		routes  []string
		request string
		want    []string // "KEY: reason", the chosen one "KEY"
	}{
		{
			name:    "less specific",
			routes:  []string{"ANY /{proxy+}", "GET /users/{userId}", "GET /users/me"},
			request: "GET /users/me",
			want: []string{
				"GET /users/me",
				"GET /users/{userId}: less specific than GET /users/me",
				"ANY /{proxy+}: less specific than GET /users/me",
			},
		},
		{
			name:    "ANY beside the exact method",
			routes:  []string{"ANY /users", "GET /users"},
			request: "GET /users",
			want:    []string{"GET /users", "ANY /users: within a resource, GET goes before ANY"},
		},
		{
			name:    "another text beside the chosen parameter",
			routes:  []string{"GET /users/{userId}", "PATCH /users/me", "GET /orders"},
			request: "GET /users/42",
			want:    []string{"GET /users/{userId}", `PATCH /users/me: segment 2 is "me", not "42"`},
		},
		{
			name:    "one candidate a resource, with all its methods",
			routes:  []string{"PATCH /users", "PUT /users"},
			request: "GET /users",
			want:    []string{"PATCH /users: its resource has no GET method, only PATCH, PUT"},
		},
		{
			name:    "HEAD",
			routes:  []string{"GET /users"},
			request: "HEAD /users",
			want:    []string{"GET /users: its resource has no HEAD method, only GET; GET does not answer HEAD"},
		},
		{
			name:    "preflight",
			routes:  []string{"GET /users"},
			request: "OPTIONS /users",
			want:    []string{"GET /users: its resource has no OPTIONS method, only GET; a preflight needs an OPTIONS method of its own"},
		},
		{
			name:    "outside ANY",
			routes:  []string{"ANY /users"},
			request: "TRACE /users",
			want:    []string{"ANY /users: its resource has no TRACE method, only ANY; ANY stands for DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"},
		},
		{
			name:    "misspelled, and another method",
			routes:  []string{"POST /login"},
			request: "GET /logni",
			want:    []string{`POST /login: segment 1 is "login", not "logni"; its resource has no GET method, only POST; did you mean POST "/login"?`},
		},
		{
			name:    "other case",
			routes:  []string{"GET /users/{userId}"},
			request: "GET /Users/42",
			want:    []string{`GET /users/{userId}: segment 1 is "users", not "Users": upper and lower case differ; did you mean GET "/users/42"?`},
		},
		{
			name:    "encoded",
			routes:  []string{"GET /a@b"},
			request: "GET /a%40b",
			want:    []string{`GET /a@b: segment 1 is "a@b", not "a%40b": paths are compared as sent, not decoded; did you mean GET "/a@b"?`},
		},
		{
			name:    "a part too many",
			routes:  []string{"GET /users/{userId}"},
			request: "GET /users/42/orders",
			want:    []string{`GET /users/{userId}: the path has 3 segments, the resource 2; did you mean GET "/users/42"?`},
		},
		{
			name:    "a part too few",
			routes:  []string{"GET /users/{userId}/orders"},
			request: "GET /users/42",
			want:    []string{`GET /users/{userId}/orders: the path has 2 segments, the resource 3; did you mean GET "/users/42/orders"?`},
		},
		{
			name:    "the stage again",
			routes:  []string{"GET /users/{userId}"},
			request: "GET /dev/users/42",
			want:    []string{`GET /users/{userId}: segment 1 of the path, "dev", stands before the resource path; did you mean GET "/users/42"?`},
		},
		{
			name:    "the first segment left out",
			routes:  []string{"GET /v1/users/{userId}"},
			request: "GET /users/42",
			want:    []string{`GET /v1/users/{userId}: the path lacks the first segment, "v1"; did you mean GET "/v1/users/42"?`},
		},
		{
			name:    "two slashes",
			routes:  []string{"GET /users/{userId}"},
			request: "GET /users//42",
			want:    []string{`GET /users/{userId}: segment 2 of the path is empty: a slash too many; did you mean GET "/users/42"?`},
		},
		{
			name:    "no value",
			routes:  []string{"GET /users/{userId}"},
			request: "GET /users//",
			want:    []string{`GET /users/{userId}: segment 2 is empty, and {userId} needs a value; did you mean GET "/users/{userId}"?`},
		},
		{
			name:    "nothing for a greedy parameter",
			routes:  []string{"ANY /{proxy+}"},
			request: "GET /",
			want:    []string{`ANY /{proxy+}: the greedy {proxy+} needs at least one segment; did you mean GET "/{proxy+}"?`},
		},
		{
			name:    "the resource with the method first",
			routes:  []string{"POST /{tenant}/things/{id}/end", "GET /{tenant}/things/{id}/stop"},
			request: "GET /v1/things/7/last",
			want: []string{
				`GET /{tenant}/things/{id}/stop: segment 4 is "stop", not "last"`,
				`POST /{tenant}/things/{id}/end: segment 4 is "end", not "last"`,
			},
		},
		{
			name:    "with as much to change, more in common first",
			routes:  []string{"GET /old/{a}/{b}", "GET /{tenant}/things/new"},
			request: "GET /v1/things/7",
			want: []string{
				`GET /{tenant}/things/new: segment 3 is "new", not "7"`,
				`GET /old/{a}/{b}: segment 1 is "old", not "v1"`,
			},
		},
		{
			name:    "nothing alike, the nearest first",
			routes:  []string{"POST /orders/{orderId}/{path+}", "GET /pets", "POST /pets"},
			request: "GET /users/",
			want: []string{
				`GET /pets: segment 1 is "pets", not "users"`,
				`POST /orders/{orderId}/{path+}: segment 1 is "orders", not "users", and the path has 1 segment, the resource at least 3`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(tt.request, " ")
			var got []string
			for _, c := range match.New(routesOf(tt.routes...)).Candidates(method, path) {
				line := c.Route
				if !c.Chosen {
					line += ": " + c.Reason
				}
				got = append(got, line)
			}
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Candidates(%s) (-want +got):\n%s", tt.request, diff)
			}
		})
	}
}

func TestCandidatesBounded(t *testing.T) {
	t.Parallel()
	var keys []string
	for i := range 100 {
		keys = append(keys, fmt.Sprintf("GET /r%d", i))
	}
	path := "/" + strings.Repeat("r", 10_000)
	list := match.New(routesOf(keys...)).Candidates("GET", path)
	if len(list) != 10 {
		t.Errorf("%d candidates, want 10", len(list))
	}
	for _, c := range list {
		if len(c.Reason) > 500 {
			t.Errorf("the reason of %s has %d bytes", c.Route, len(c.Reason))
		}
	}
}
