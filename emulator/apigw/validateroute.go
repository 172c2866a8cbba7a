package apigw

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Methods are what ANY stands for (rest-gateway 1.4).
func Methods() []string {
	return []string{
		http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPatch, http.MethodPost, http.MethodPut,
	}
}

// AnyMethod is the method of a route that answers every one of [Methods].
const AnyMethod = "ANY"

func (v *validator) checkRoutes() {
	seen := map[string]Position{}
	siblings := map[string]sibling{}
	for i := range v.api.Routes {
		r := &v.api.Routes[i]
		if r.Preflight {
			continue // what is wrong with its path is wrong with the route that it is for
		}
		user := fmt.Sprintf("route %q", r.Key())
		if first, again := seen[r.Key()]; again {
			v.report(r.Position, "%s again, first at %s", user, first)
			continue
		}
		seen[r.Key()] = r.Position
		if r.Method != AnyMethod && !slices.Contains(Methods(), r.Method) {
			v.report(r.Position, "%s: method %q must be one of %s or ANY%s", user, r.Method, strings.Join(Methods(), ", "),
				Suggest(r.Method, append(Methods(), AnyMethod)))
		}
		v.checkIntegration(r, user)
		if r.Authorizer != "" {
			at := r.AuthorizerPosition
			if at == (Position{}) {
				at = r.Position
			}
			v.checkAuthorizerName(r.Authorizer, at, user)
		}
		v.checkPath(r, user, siblings)
		v.checkRequestModels(r, user)
	}
}

// sibling is the path parameter that a resource's children have, and who named it.
type sibling struct {
	segment string
	at      Position
}

// checkPath holds the rules of a resource path: whole segments, names once, a greedy one last, one name a place.
func (v *validator) checkPath(r *Route, user string, siblings map[string]sibling) {
	if !strings.HasPrefix(r.Path, "/") {
		v.report(r.Position, "%s: the path must start with /", user)
		return
	}
	if r.Path == "/" {
		return
	}
	segments := strings.Split(r.Path[1:], "/")
	names := map[string]bool{}
	parent := ""
	for i, segment := range segments {
		name, greedy, err := PathParameter(segment)
		switch {
		case err != nil:
			v.report(r.Position, "%s: %v", user, err)
			return
		case strings.Contains(segment, "*"):
			v.report(r.Position, "%s: a path has no wildcard %s; the rest of a path, one segment or more, is {proxy+}", user, segment)
			return
		case greedy && i != len(segments)-1:
			v.report(r.Position, "%s: the greedy parameter %s must be the last segment", user, segment)
			return
		case name != "" && names[name]:
			v.report(r.Position, "%s: the path parameter {%s} occurs twice", user, name)
			return
		}
		if name != "" {
			names[name] = true
			place := fmt.Sprintf("%s greedy=%t", parent, greedy)
			if other, ok := siblings[place]; ok && other.segment != segment {
				v.report(r.Position, "%s: the path parameter %s stands where %s has %s; one place has one name", user, segment, other.at, other.segment)
				return
			}
			siblings[place] = sibling{segment, r.Position}
		}
		parent += "/" + segment
	}
}

// PathParameter returns the name in a path segment {name} or {name+}, or "" for a static segment.
func PathParameter(segment string) (name string, greedy bool, err error) {
	if segment == "" {
		return "", false, fmt.Errorf("the path has an empty segment; slashes at the end or in a row are not part of a resource")
	}
	if !strings.HasPrefix(segment, "{") {
		if !staticSegment(segment) {
			return "", false, fmt.Errorf("the path segment %q may hold letters, digits and -._~!$&'()*+,;=:@%% only, and a parameter must be the whole segment: {name}", segment)
		}
		return "", false, nil
	}
	name, ok := strings.CutSuffix(segment[1:], "}")
	name, greedy = strings.CutSuffix(name, "+")
	if !ok || name == "" || !parameterName(name) {
		return "", false, fmt.Errorf("the path parameter %q must be {name} or {name+}, of letters, digits and -._:, such as {petId}", segment)
	}
	return name, greedy, nil
}

func staticSegment(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !alphanumeric(r) && !strings.ContainsRune("-._~!$&'()*+,;=:@%", r) }) < 0
}

func parameterName(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !alphanumeric(r) && !strings.ContainsRune("-._:", r) }) < 0
}

func alphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}
