package match

import (
	"strings"

	"gatewayd/emulator/apigw"
)

// Param is a path parameter with its value as it was sent: not decoded (rest-gateway 1.5).
type Param struct{ Name, Value string }

// Match is the route that answers a request.
type Match struct {
	Index  int     // of the route, among those given to [New]
	Params []Param // in the order of the path
}

// Tree is the resource tree of one API. It is safe for concurrent use.
type Tree struct {
	root      node
	resources []*resource // in the order of their first routes
	routes    []route
}

// node is a place in the tree. A place has one parent, so a request visits it once at most: going back to less specific
// resources costs no more visits than there are places, however deep texts and parameters stand side by side.
type node struct {
	static   map[string]*node
	param    *node
	greedy   *node
	resource *resource // nil where no route ends
}

// resource is a node that has methods.
type resource struct {
	segments []segment
	params   int
	declared []method // as the routes have them
	answers  []method // exact ones first, then those that ANY stands for
}

type method struct {
	name  string
	route int
}

type segment struct {
	kind kind
	text string // of a parameter, its name
}

// String is the segment as a resource path has it.
func (s segment) String() string {
	switch s.kind {
	case param:
		return "{" + s.text + "}"
	case greedy:
		return "{" + s.text + "+}"
	case static:
	}
	return s.text
}

// kind orders segments by how specific they are.
type kind int

const (
	static kind = iota
	param
	greedy
)

// route is what a candidate says about a route.
type route struct{ key, source string }

// New returns the tree of an API's routes. They should be valid ([apigw.API.Validate]); of those that are not, the first of
// two equal ones answers, one that goes on after a {name+} never does, and a malformed parameter is plain text.
func New(routes []apigw.Route) *Tree {
	t := &Tree{}
	for i := range routes {
		r := &routes[i]
		t.routes = append(t.routes, route{r.Key(), r.Position.String()})
		if segments, ok := parse(r.Path); ok {
			t.resource(segments).declare(method{r.Method, i})
		}
	}
	for _, r := range t.resources {
		r.spreadAny()
	}
	return t
}

// parse splits a resource path. It refuses one whose greedy parameter is not the last segment.
func parse(path string) (segments []segment, ok bool) {
	parts := split(path)
	for i, part := range parts {
		name, isGreedy, err := apigw.PathParameter(part)
		switch {
		case err != nil || name == "":
			segments = append(segments, segment{static, part})
		case !isGreedy:
			segments = append(segments, segment{param, name})
		case i == len(parts)-1:
			segments = append(segments, segment{greedy, name})
		default:
			return nil, false
		}
	}
	return segments, true
}

// resource returns the resource at the end of the segments and makes it if there is none.
func (t *Tree) resource(segments []segment) *resource {
	at, params := &t.root, 0
	for _, s := range segments {
		if s.kind != static {
			params++
		}
		at = at.child(s)
	}
	if at.resource == nil {
		at.resource = &resource{segments: segments, params: params}
		t.resources = append(t.resources, at.resource)
	}
	return at.resource
}

func (n *node) child(s segment) *node {
	place := &n.param
	switch s.kind {
	case static:
		if n.static == nil {
			n.static = map[string]*node{}
		}
		if n.static[s.text] == nil {
			n.static[s.text] = &node{}
		}
		return n.static[s.text]
	case greedy:
		place = &n.greedy
	case param:
	}
	if *place == nil {
		*place = &node{}
	}
	return *place
}

// declare adds a method unless the resource has it.
func (r *resource) declare(m method) {
	if _, again := find(r.declared, m.name); again {
		return
	}
	r.declared = append(r.declared, m)
	if m.name != apigw.AnyMethod {
		r.answers = append(r.answers, m)
	}
}

// spreadAny lets ANY answer the methods that it stands for. They come last: within a resource the exact method goes first
// (rest-gateway 1.3d, 1.4).
func (r *resource) spreadAny() {
	anyRoute, ok := find(r.declared, apigw.AnyMethod)
	if !ok {
		return
	}
	for _, name := range apigw.Methods() {
		r.answers = append(r.answers, method{name, anyRoute})
	}
}

func find(methods []method, name string) (route int, ok bool) {
	for i := range methods {
		if methods[i].name == name {
			return methods[i].route, true
		}
	}
	return 0, false
}

// Match returns the route that answers a method and a path. The path is as it was sent, without the stage or base path and
// without the query: leading slashes are one, and one trailing slash does not count (rest-gateway 1.3b). Match allocates
// nothing, or the params when the route has some. It reports false when the answer is 403 (rest-gateway 1.7).
func (t *Tree) Match(method, path string) (Match, bool) {
	rest := trim(path)
	res, index := t.root.find(method, rest, rest != "")
	if res == nil {
		return Match{}, false
	}
	return Match{index, res.values(rest)}, true
}

// find walks down with what is left of the path, the most specific child first. More says that a segment is left: an empty
// rest is then an empty segment.
func (n *node) find(method, rest string, more bool) (*resource, int) {
	if !more {
		return n.answer(method)
	}
	segment, tail, more := strings.Cut(rest, "/")
	if child := n.static[segment]; child != nil {
		if res, index := child.find(method, tail, more); res != nil {
			return res, index
		}
	}
	// That a parameter takes no empty segment is inferred: an empty value has not been seen (rest-gateway 1.3c).
	if n.param != nil && segment != "" {
		if res, index := n.param.find(method, tail, more); res != nil {
			return res, index
		}
	}
	if n.greedy != nil && rest != "" {
		return n.greedy.answer(method)
	}
	return nil, 0
}

func (n *node) answer(method string) (*resource, int) {
	if n.resource == nil {
		return nil, 0
	}
	index, ok := find(n.resource.answers, method)
	if !ok {
		return nil, 0
	}
	return n.resource, index
}

// values are the parameters of a path that matches the resource.
func (r *resource) values(rest string) []Param {
	if r.params == 0 {
		return nil
	}
	params := make([]Param, 0, r.params)
	for _, s := range r.segments {
		if s.kind == greedy {
			return append(params, Param{s.text, rest})
		}
		value, tail, _ := strings.Cut(rest, "/")
		if s.kind == param {
			params = append(params, Param{s.text, value})
		}
		rest = tail
	}
	return params
}

// trim drops what does not count for matching: the leading slashes and one trailing slash (rest-gateway 1.3b).
func trim(path string) string {
	return strings.TrimSuffix(strings.TrimLeft(path, "/"), "/")
}

// split returns the segments of a path, none for the root.
func split(path string) []string {
	rest := trim(path)
	if rest == "" {
		return nil
	}
	return strings.Split(rest, "/")
}
