package match

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"gatewayd/emulator/apigw"
)

// gap is what lies between a resource path and the path of a request.
type gap struct {
	kind    gapKind // of the first difference
	at      int     // the segment where it is, from 0
	count   int     // of differences
	cost    int
	common  int  // texts that agree or nearly do
	lengths bool // a segment differs, and the number of segments does too
}

// gapKind is a way in which two paths differ.
type gapKind int

const (
	same        gapKind = iota
	otherCase           // Users, users
	encoded             // a@b, a%40b
	emptyValue          // /users//, where a parameter needs a value
	emptyGreedy         // /files, where {path+} needs a segment
	doubleSlash         // /users//42
	misspelled          // user, users
	inFront             // /dev/users, where the resource is /users
	lacksFront          // /users, where the resource is /v1/users
	tooShort
	tooLong
	otherText
)

// cost orders the kinds by how little there is to change.
func (k gapKind) cost() int {
	switch k {
	case same:
		return 0
	case otherCase, encoded, emptyValue, emptyGreedy, doubleSlash:
		return 2
	case misspelled:
		return 3
	case inFront, lacksFront, tooShort, tooLong:
		return 5
	case otherText:
		return 9
	}
	return 0
}

// measure compares a resource path with the segments of a request.
func measure(pattern []segment, path []string) gap {
	if accepts(pattern, path) {
		return gap{common: texts(pattern)}
	}
	if empty := slices.Index(path, ""); empty >= 0 && accepts(pattern, filled(path)) {
		return whole(doubleSlash, empty, texts(pattern))
	}
	// A parameter takes anything, so only a text in common makes it likely that a segment was left out or put in.
	if len(path) > 0 && texts(pattern) > 0 && accepts(pattern, path[1:]) {
		return whole(inFront, 0, texts(pattern))
	}
	if len(pattern) > 0 && pattern[0].kind == static && texts(pattern[1:]) > 0 && accepts(pattern[1:], path) {
		return whole(lacksFront, 0, texts(pattern[1:]))
	}
	return sideBySide(pattern, path)
}

// whole is the gap of paths that differ in one thing as a whole.
func whole(kind gapKind, at, common int) gap {
	return gap{kind: kind, at: at, count: 1, cost: kind.cost(), common: common}
}

func sideBySide(pattern []segment, path []string) gap {
	var g gap
	for i, s := range pattern {
		switch {
		case s.kind == greedy:
			if !accepts(pattern[i:], path[i:]) {
				g.add(emptyGreedy, i)
			}
			return g
		case i == len(path):
			for range pattern[i:] {
				g.add(tooShort, i)
			}
			return g
		}
		kind := s.compare(path[i])
		if s.kind == static && kind != otherText {
			g.common++
		}
		g.add(kind, i)
	}
	for range path[len(pattern):] {
		g.add(tooLong, len(pattern))
	}
	return g
}

func (g *gap) add(kind gapKind, at int) {
	if kind == same {
		return
	}
	if g.count == 0 {
		g.kind, g.at = kind, at
	} else if (kind == tooShort || kind == tooLong) && kind != g.kind {
		g.lengths = true
	}
	g.count++
	g.cost += kind.cost()
}

// compare says how a segment of a request differs from one of a resource.
func (s segment) compare(text string) gapKind {
	switch {
	case s.kind != static && text == "":
		return emptyValue
	case s.kind != static || s.text == text:
		return same
	case strings.EqualFold(s.text, text):
		return otherCase
	case decoded(s.text) == decoded(text):
		return encoded
	case alike(s.text, text):
		return misspelled
	}
	return otherText
}

func decoded(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// alike reports whether one text may be the other misspelled.
func alike(a, b string) bool {
	// Suggest says the same, but not as fast.
	if d := len(a) - len(b); max(d, -d) >= 2+len(b)/3 {
		return false
	}
	return apigw.Suggest(b, []string{a}) != ""
}

// near reports whether a resource is worth a word although another one answered: the path matches, or one change is between.
func (g *gap) near() bool {
	return g.kind == same || g.count == 1 && (g.common > 0 || g.kind == emptyGreedy)
}

// describe says the first difference in words.
func (g *gap) describe(pattern []segment, path []string) string {
	var text string
	switch s := g.at; g.kind {
	case same:
	case otherCase:
		text = fmt.Sprintf("segment %d is %.60q, not %.60q: upper and lower case differ", s+1, pattern[s].text, path[s])
	case encoded:
		text = fmt.Sprintf("segment %d is %.60q, not %.60q: paths are compared as sent, not decoded", s+1, pattern[s].text, path[s])
	case misspelled, otherText:
		text = fmt.Sprintf("segment %d is %.60q, not %.60q", s+1, pattern[s].text, path[s])
	case emptyValue:
		text = fmt.Sprintf("segment %d is empty, and %s needs a value", s+1, pattern[s])
	case emptyGreedy:
		text = fmt.Sprintf("the greedy %s needs at least one segment", pattern[s])
	case doubleSlash:
		text = fmt.Sprintf("segment %d of the path is empty: a slash too many", s+1)
	case inFront:
		text = fmt.Sprintf("segment 1 of the path, %.60q, stands before the resource path", path[0])
	case lacksFront:
		text = fmt.Sprintf("the path lacks the first segment, %.60q", pattern[0].text)
	case tooShort, tooLong:
		return lengths(pattern, path)
	}
	if g.lengths {
		text += ", and " + lengths(pattern, path)
	}
	return text
}

func lengths(pattern []segment, path []string) string {
	plural, least := "s", ""
	if len(path) == 1 {
		plural = ""
	}
	if len(pattern) > 0 && pattern[len(pattern)-1].kind == greedy {
		least = "at least "
	}
	return fmt.Sprintf("the path has %d segment%s, the resource %s%d", len(path), plural, least, len(pattern))
}

// mend returns the path that one change away matches, or "" when what was meant cannot be told.
func (g *gap) mend(pattern []segment, path []string) string {
	if !g.near() || g.kind == otherText {
		return ""
	}
	var mended []string
	switch g.kind {
	case doubleSlash:
		mended = filled(path)
	case inFront:
		mended = path[1:]
	case lacksFront:
		mended = slices.Concat([]string{pattern[0].text}, path)
	case same, otherCase, encoded, emptyValue, emptyGreedy, misspelled, tooShort, tooLong, otherText:
		mended = fit(pattern, path)
	}
	return "/" + strings.Join(mended, "/")
}

// fit is the resource path with the values that the request has for it.
func fit(pattern []segment, path []string) []string {
	var fitted []string
	for i, s := range pattern {
		switch {
		case s.kind == greedy && i < len(path) && accepts(pattern[i:], path[i:]):
			return append(fitted, path[i:]...)
		case s.kind == param && i < len(path) && path[i] != "":
			fitted = append(fitted, path[i])
		default:
			fitted = append(fitted, s.String())
		}
	}
	return fitted
}

// accepts reports whether a path matches a resource path.
func accepts(pattern []segment, path []string) bool {
	for i, s := range pattern {
		switch {
		case i == len(path):
			return false
		case s.kind == greedy:
			return len(path) > i+1 || path[i] != ""
		case s.kind == static && s.text != path[i], s.kind == param && path[i] == "":
			return false
		}
	}
	return len(pattern) == len(path)
}

// texts counts the segments that are not parameters.
func texts(pattern []segment) int {
	n := 0
	for _, s := range pattern {
		if s.kind == static {
			n++
		}
	}
	return n
}

// filled is a path without its empty segments.
func filled(path []string) []string {
	return slices.DeleteFunc(slices.Clone(path), func(s string) bool { return s == "" })
}
