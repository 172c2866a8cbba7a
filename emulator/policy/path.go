package policy

import (
	"strconv"
	"strings"
)

// path is where in the document something stands, put into words only when
// there is something to say.
type path []step

// step leads to a member of an object or, with a key that is empty and an
// index that is not negative, to an entry of a list.
type step struct {
	key   string
	index int
}

func (p path) member(key string) path {
	return append(p, step{key, -1})
}

func (p path) entry(index int) path {
	return append(p, step{"", index})
}

// String writes the path as in Statement[1].Condition.IpAddress; the document
// itself is the empty string.
func (p path) String() string {
	text := ""
	for _, s := range p {
		if s.index >= 0 {
			text += "[" + strconv.Itoa(s.index) + "]"
		} else {
			text = joinPath(text, s.key)
		}
	}
	return text
}

// joinPath appends a member's name, in brackets where its characters could be
// read as part of the path.
func joinPath(before, key string) string {
	if key == "" || strings.ContainsFunc(key, unusualInPath) {
		return before + "[" + strconv.Quote(key) + "]"
	}
	if before == "" {
		return key
	}
	return before + "." + key
}

func unusualInPath(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune(":/_-$", r)
}
