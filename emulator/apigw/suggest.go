package apigw

import (
	"fmt"
	"slices"
	"strings"
)

// Suggest returns `, did you mean "name"?` for the name nearest to the text, or "" when none is near.
func Suggest(text string, names []string) string {
	best, bestDistance := "", 2+len(text)/3
	for _, name := range slices.Sorted(slices.Values(names)) {
		if d := distance(strings.ToLower(text), strings.ToLower(name)); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	if best == "" || bestDistance >= max(len(text), len(best)) {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

// distance is the optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbors.
func distance(a, b string) int {
	const long = 64
	if len(a) > long || len(b) > long {
		return max(len(a), len(b))
	}
	before, previous, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, previous[j]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, previous, row = previous, row, before
	}
	return previous[len(b)]
}
