package event

import "strings"

// single is the map in which the last value of a name wins.
func single(pairs []Pair) map[string]string {
	if len(pairs) == 0 {
		return nil
	}
	m := make(map[string]string, len(pairs))
	for _, p := range pairs {
		m[p.Name] = p.Value
	}
	return m
}

// multiple is the map that keeps every value, in order.
func multiple(pairs []Pair) map[string][]string {
	if len(pairs) == 0 {
		return nil
	}
	pairs = sorted(pairs)
	m := make(map[string][]string, len(pairs))
	values := make([]string, len(pairs)) // of all names; no list can grow into its neighbor
	for start, end := 0, 0; start < len(pairs); start = end {
		for end = start; end < len(pairs) && pairs[end].Name == pairs[start].Name; end++ {
			values[end] = pairs[end].Value
		}
		m[pairs[start].Name] = values[start:end:end]
	}
	return m
}

func byName(a, b Pair) int { return strings.Compare(a.Name, b.Name) }

func orEmpty[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}
