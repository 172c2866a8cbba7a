package match_test

import (
	"fmt"
	"strings"
	"testing"

	"gatewayd/emulator/internal/match"
)

func BenchmarkMatch(b *testing.B) {
	shapes := []struct{ name, route, hit string }{
		{"static", "GET /r%d", "/r%d"},
		{"flat", "GET /r%d/{id}", "/r%d/42"},
		{"nested", "GET /{tenant}/v1/r%d/{id}/items/{item}", "/acme/v1/r%d/42/items/7"},
	}
	for _, shape := range shapes {
		for _, count := range []int{10, 1_000, 10_000} {
			var keys []string
			for i := range count {
				keys = append(keys, fmt.Sprintf(shape.route, i))
			}
			tree := match.New(routesOf(keys...))
			hit := fmt.Sprintf(shape.hit, count/2)
			b.Run(fmt.Sprintf("%s/%d/hit", shape.name, count), func(b *testing.B) { benchmarkMatch(b, tree, hit) })
			b.Run(fmt.Sprintf("%s/%d/miss", shape.name, count), func(b *testing.B) { benchmarkMatch(b, tree, hit+"/none") })
		}
	}
}

func benchmarkMatch(b *testing.B, tree *match.Tree, path string) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		tree.Match("GET", path)
	}
}

// BenchmarkMatchBacktracking goes back at every place of a tree that has a text and a parameter side by side at each of 30
// levels: the request visits its 494 places once, instead of trying 2^30 ways.
func BenchmarkMatchBacktracking(b *testing.B) {
	const levels = 30
	var keys []string
	for i := range levels {
		keys = append(keys, "GET /"+strings.Repeat("a/", i)+"{x}"+strings.Repeat("/a", levels-1-i))
	}
	tree := match.New(routesOf(keys...))
	path := strings.Repeat("/a", levels)
	b.ReportAllocs()
	for b.Loop() {
		tree.Match("POST", path)
	}
}

func BenchmarkCandidates(b *testing.B) {
	for _, count := range []int{10, 1_000, 10_000} {
		var keys []string
		for i := range count {
			keys = append(keys, fmt.Sprintf("GET /resource%d/{id}", i))
		}
		tree := match.New(routesOf(keys...))
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tree.Candidates("GET", "/resourc5/42")
			}
		})
	}
}
