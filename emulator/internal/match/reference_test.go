package match_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/match"
)

// reference finds the route without a tree: of all that accept the request, the one whose segments are the most specific,
// compared from left to right, and of these the exact method, and of these the first.
func reference(routes []apigw.Route, method, path string) (match.Match, bool) {
	type found struct {
		rank  string
		match match.Match
	}
	var accepted []found
	for i, r := range routes {
		exact := r.Method == method && method != "ANY"
		if !exact && (r.Method != "ANY" || !slices.Contains(apigw.Methods(), method)) {
			continue
		}
		rank, params, ok := accept(r.Path, path)
		if !ok {
			continue
		}
		// "!" sorts before every kind of segment, as the shorter of two paths would.
		rank += "!"
		if !exact {
			rank += "ANY"
		}
		accepted = append(accepted, found{rank, match.Match{Index: i, Params: params}})
	}
	if len(accepted) == 0 {
		return match.Match{}, false
	}
	return slices.MinFunc(accepted, func(a, b found) int { return cmp.Compare(a.rank, b.rank) }).match, true
}

// accept compares segments and writes down the kind of each: 0 a text, 1 a parameter, 2 a greedy one.
func accept(pattern, path string) (rank string, params []match.Param, ok bool) {
	want, got := segmentsOf(pattern), segmentsOf(path)
	for i, s := range want {
		if i == len(got) {
			return "", nil, false
		}
		name, isParam := strings.CutPrefix(s, "{")
		switch {
		case strings.HasSuffix(name, "+}") && isParam:
			value := strings.Join(got[i:], "/")
			return rank + "2", append(params, match.Param{Name: strings.TrimSuffix(name, "+}"), Value: value}), value != ""
		case isParam:
			if got[i] == "" {
				return "", nil, false
			}
			rank += "1"
			params = append(params, match.Param{Name: strings.TrimSuffix(name, "}"), Value: got[i]})
		case s != got[i]:
			return "", nil, false
		default:
			rank += "0"
		}
	}
	return rank, params, len(want) == len(got)
}

func segmentsOf(path string) []string {
	for strings.HasPrefix(path, "/") {
		path = path[1:]
	}
	if path == "" {
		return nil
	}
	segments := strings.Split(path, "/")
	if segments[len(segments)-1] == "" {
		segments = segments[:len(segments)-1]
	}
	return segments
}

func TestMatchReference(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(choices ...string) string { return choices[random.IntN(len(choices))] }
	for range 1000 {
		routes := randomRoutes(random, pick)
		tree := match.New(routes)
		for range 20 {
			method := pick("GET", "POST", "PUT", "TRACE", "ANY")
			path := pick("", "/", "//")
			for range random.IntN(6) {
				path += pick("a", "b", "A", "%61", "") + "/"
			}
			path = strings.TrimSuffix(path, pick("/", ""))

			want, wantOK := reference(routes, method, path)
			got, ok := tree.Match(method, path)
			if ok != wantOK || !gocmp.Equal(want, got) {
				t.Fatalf("%v: Match(%s, %q) = %v, %t; want %v, %t", keysOf(routes), method, path, got, ok, want, wantOK)
			}
			checkCandidates(t, tree, routes, method, path)
		}
	}
}

func randomRoutes(random *rand.Rand, pick func(...string) string) []apigw.Route {
	var keys []string
	for range random.IntN(12) {
		path := ""
		for depth := range random.IntN(5) {
			// Parameters of one place have one name (apigw.API.Validate).
			segment := pick("a", "b", "A", "{p}", "{p}", "{g+}")
			path += "/" + strings.NewReplacer("p}", "p"+string(rune('0'+depth))+"}").Replace(segment)
			if segment == "{g+}" {
				break
			}
		}
		keys = append(keys, pick("GET", "POST", "ANY", "ANY")+" "+cmp.Or(path, "/"))
	}
	return routesOf(keys...)
}

func keysOf(routes []apigw.Route) []string {
	var keys []string
	for i := range routes {
		keys = append(keys, routes[i].Key())
	}
	return keys
}

// checkCandidates holds what is true of every answer: it agrees with Match, is bounded and repeatable, and each loser has a
// reason.
func checkCandidates(t *testing.T, tree *match.Tree, routes []apigw.Route, method, path string) {
	t.Helper()
	m, ok := tree.Match(method, path)
	list := tree.Candidates(method, path)
	chosen := 0
	for i, c := range list {
		if c.Chosen {
			chosen++
			if i != 0 || !ok || c.Route != routes[m.Index].Key() || c.Reason != "" {
				t.Errorf("Candidates(%q, %q): %+v is chosen at %d; Match has %v, %t", method, path, c, i, m, ok)
			}
		} else if c.Reason == "" {
			t.Errorf("Candidates(%q, %q): %s lost without a reason", method, path, c.Route)
		}
	}
	if (chosen == 1) != ok || chosen > 1 {
		t.Errorf("Candidates(%q, %q): %d chosen; Match says %t", method, path, chosen, ok)
	}
	if len(list) > 10 {
		t.Errorf("Candidates(%q, %q): %d of them", method, path, len(list))
	}
	if diff := gocmp.Diff(list, tree.Candidates(method, path)); diff != "" {
		t.Errorf("Candidates(%q, %q) differ the second time:\n%s", method, path, diff)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("GET /users/{userId}\nPATCH /users/me\nANY /{proxy+}", "GET", "/users/me")
	f.Add("ANY /a/{b}/c\nGET /a/{b+}\nGET /", "POST", "//a//c/")
	f.Add("GET /{a+}/b\nGET {\nANY /{a}/{a+}", "ANY", "/%zz/\x00")
	f.Fuzz(func(t *testing.T, keys, method, path string) {
		routes := routesOf(strings.Split(keys, "\n")...)
		checkCandidates(t, match.New(routes), routes, method, path)
	})
}
