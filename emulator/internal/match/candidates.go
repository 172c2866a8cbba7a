package match

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/trace"
)

// maxCandidates and maxSuggestion bound what a trace says about routing.
const (
	maxCandidates = 10
	maxSuggestion = 200 // bytes of a path
)

// Candidates returns the route that [Tree.Match] chooses, if it chooses one, and others with the reason why they lost, ten at
// most and one for each resource: first those whose resource the path matches, in the order in which AWS tries them, then
// those that it nearly matches. When nothing is chosen the nearest of the rest follow. It compares the request with every
// resource of the API, so it is for who reads a trace, not for each request.
func (t *Tree) Candidates(method, path string) []trace.Candidate {
	segments, rest := split(path), trim(path)
	chosen, index := t.root.find(method, rest, rest != "")

	var list []trace.Candidate
	if chosen != nil {
		list = append(list, t.candidate(index, ""))
		list[0].Chosen = true
		if anyRoute, ok := find(chosen.declared, apigw.AnyMethod); ok && anyRoute != index {
			list = append(list, t.candidate(anyRoute, "within a resource, "+method+" goes before ANY"))
		}
	}
	for _, l := range t.losers(chosen, method, segments) {
		if len(list) == maxCandidates {
			break
		}
		reason := l.reason(method, segments)
		if l.served && l.gap.kind == same {
			reason = "less specific than " + t.routes[index].key
		}
		list = append(list, t.candidate(l.route, reason))
	}
	return list
}

func (t *Tree) candidate(index int, reason string) trace.Candidate {
	r := t.routes[index]
	return trace.Candidate{Route: r.key, Reason: reason, Source: r.source}
}

// loser is a resource that did not answer. Its route is the one that has the request's method, else the first.
type loser struct {
	*resource
	route  int
	served bool
	gap    gap
}

// losers returns the resources that did not answer, the most relevant first.
func (t *Tree) losers(chosen *resource, method string, path []string) []loser {
	var losers []loser
	for _, r := range t.resources {
		if r == chosen {
			continue
		}
		l := loser{resource: r, gap: measure(r.segments, path)}
		if chosen != nil && !l.gap.near() {
			continue
		}
		if l.route, l.served = find(r.answers, method); !l.served {
			l.route = r.declared[0].route
		}
		losers = append(losers, l)
	}
	slices.SortStableFunc(losers, func(a, b loser) int {
		return cmp.Or(
			cmp.Compare(a.cost(), b.cost()),
			cmp.Compare(b.gap.common, a.gap.common),
			slices.CompareFunc(a.segments, b.segments, func(a, b segment) int { return cmp.Compare(a.kind, b.kind) }),
		)
	})
	return losers
}

// cost orders losers. Among those that the path matches, what AWS tries first stands first, with the method or without it.
func (l *loser) cost() int {
	if l.gap.kind == same || l.served {
		return l.gap.cost
	}
	return l.gap.cost + 1
}

// reason says why a resource lost whose path or method does not fit, and what would have reached it.
func (l *loser) reason(method string, path []string) string {
	if l.gap.kind == same {
		return l.lacks(method)
	}
	reason := l.gap.describe(l.segments, path)
	mended := l.gap.mend(l.segments, path)
	if mended == "" || len(mended) > maxSuggestion {
		return reason
	}
	if !l.served {
		reason += "; " + l.lacks(method)
		method = l.declared[0].name
	}
	return reason + fmt.Sprintf("; did you mean %s %q?", method, mended)
}

// lacks says that the resource does not have the method, and what people expect in vain (rest-gateway 1.4).
func (r *resource) lacks(method string) string {
	var names []string
	for _, m := range r.declared {
		names = append(names, m.name)
	}
	reason := fmt.Sprintf("its resource has no %.20s method, only %s", method, strings.Join(names, ", "))
	_, get := find(r.answers, http.MethodGet)
	switch {
	case slices.Contains(names, apigw.AnyMethod):
		reason += "; ANY stands for " + strings.Join(apigw.Methods(), ", ")
	case method == http.MethodHead && get:
		reason += "; GET does not answer HEAD"
	case method == http.MethodOptions:
		reason += "; a preflight needs an OPTIONS method of its own"
	}
	return reason
}
