package policy

import (
	"slices"
	"strings"
)

// An Element is an element of a statement, by its name in a policy.
type Element string

// The elements that can keep a statement from applying.
const (
	ElementPrincipal    Element = "Principal"
	ElementNotPrincipal Element = "NotPrincipal"
	ElementAction       Element = "Action"
	ElementNotAction    Element = "NotAction"
	ElementResource     Element = "Resource"
	ElementNotResource  Element = "NotResource"
	ElementCondition    Element = "Condition"
)

// elementNames lists what a statement may hold. Names are case-sensitive
// (iam-policy G10).
func elementNames() []string {
	return []string{
		"Sid", "Effect",
		"Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal",
		"Condition",
	}
}

// elements is the set of elements that a statement has.
type elements uint16

func (e *elements) add(name string) bool {
	i := slices.Index(elementNames(), name)
	if i < 0 {
		return false
	}
	*e |= 1 << i
	return true
}

func (e elements) has(name Element) bool {
	return e&(1<<slices.Index(elementNames(), string(name))) != 0
}

// check says what is missing and what cannot stand together (iam-policy V5 to V7).
func (e elements) check(at path, n *node, resourcePolicy bool) error {
	pairs := [...][2]Element{
		{ElementAction, ElementNotAction},
		{ElementResource, ElementNotResource},
		{ElementPrincipal, ElementNotPrincipal},
	}
	if !e.has("Effect") {
		return faultf(at, n.offset, "Effect is missing; allowed are %s", listing("Allow", "Deny"))
	}
	for _, pair := range pairs {
		one, other := e.has(pair[0]), e.has(pair[1])
		switch {
		case one && other:
			return faultf(at, n.offset, "%s and %s exclude each other; a statement has one of them", pair[0], pair[1])
		case !one && !other && (pair[0] != ElementPrincipal || resourcePolicy):
			return faultf(at, n.offset, "%s is missing; a statement has either %s or %s", pair[0], pair[0], pair[1])
		}
	}
	return nil
}

// unknownElement refuses a name, with what was likely meant.
func unknownElement(at path, n *node, name string, allowed ...string) *SyntaxError {
	for _, one := range allowed {
		if strings.EqualFold(one, name) {
			return faultf(at, n.offset, "unknown element; names are case-sensitive, write %q", one)
		}
	}
	if slices.Contains(elementNames(), name) {
		return faultf(at, n.offset, "%s belongs into a statement; allowed here are %s", name, listing(allowed...))
	}
	return faultf(at, n.offset, "unknown element; allowed are %s", listing(allowed...))
}
