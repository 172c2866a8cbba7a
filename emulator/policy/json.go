package policy

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of a document. The deepest legal policy nests six levels.
const (
	// MaxBytes is the longest text that Parse reads, 1 MiB: more than a hundred
	// times what API Gateway takes as a resource policy.
	MaxBytes = 1 << 20
	maxDepth = 32
)

type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindList
	kindObject
)

// String names the kind as a sentence about a document would.
func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// node is one JSON value. encoding/json would keep the last of two equal keys
// and lose where a value stood; a policy must do neither (iam-policy G1).
type node struct {
	kind    kind
	offset  int
	text    string // of a string decoded, of a number or boolean as written
	list    []node
	members []member
}

type member struct {
	key   string
	value node
}

// reader turns text into nodes. Strings without escapes share the text.
type reader struct {
	text string
	at   int
}

// readDocument reads exactly one JSON value.
func readDocument(text string) (node, error) {
	if len(text) > MaxBytes {
		return node{}, faultf(nil, MaxBytes, "the text has %d bytes; allowed are %d", len(text), MaxBytes)
	}
	r := reader{text: text}
	root := make(path, 0, 2*maxDepth)
	r.space()
	value, err := r.value(root, 0)
	if err != nil {
		return node{}, err
	}
	r.space()
	if r.at < len(text) {
		return node{}, faultf(root, r.at, "not valid JSON: %s after the end of the policy", r.here())
	}
	return value, nil
}

func (r *reader) value(p path, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, faultf(p, r.at, "nested more than %d levels deep", maxDepth)
	}
	start := r.at
	switch c := r.peek(); {
	case c == '{':
		return r.object(p, depth)
	case c == '[':
		return r.array(p, depth)
	case c == '"':
		text, err := r.str(p)
		return node{kind: kindString, offset: start, text: text}, err
	case c == '-' || isDigit(c):
		return r.number(p)
	case r.word("true"), r.word("false"):
		return node{kind: kindBool, offset: start, text: r.text[start:r.at]}, nil
	case r.word("null"):
		return node{kind: kindNull, offset: start, text: "null"}, nil
	}
	return node{}, r.unexpected(p, "a value")
}

func (r *reader) object(p path, depth int) (node, error) {
	n := node{kind: kindObject, offset: r.at}
	var seen map[string]bool
	r.at++
	r.space()
	if r.accept('}') {
		return n, nil
	}
	for {
		at := r.at
		if r.peek() != '"' {
			return node{}, r.unexpected(p, "a name in double quotes")
		}
		key, err := r.str(p)
		if err != nil {
			return node{}, err
		}
		here := p.member(key)
		var fresh bool
		if seen, fresh = remember(seen, n.members, key); !fresh {
			return node{}, faultf(here, at, "the key occurs twice in one object; write it once")
		}
		r.space()
		if !r.accept(':') {
			return node{}, r.unexpected(here, `":"`)
		}
		r.space()
		value, err := r.value(here, depth+1)
		if err != nil {
			return node{}, err
		}
		if n.members == nil {
			n.members = make([]member, 0, 4)
		}
		n.members = append(n.members, member{key, value})
		r.space()
		if r.accept('}') {
			return n, nil
		}
		if !r.accept(',') {
			return node{}, r.unexpected(p, `"," or "}"`)
		}
		r.space()
	}
}

// remember reports whether a key is new. Small objects, which is all of them
// in practice, are scanned; the map keeps a hostile one from taking quadratic
// time.
func remember(seen map[string]bool, members []member, key string) (map[string]bool, bool) {
	const small = 16
	if len(members) < small {
		for i := range members {
			if members[i].key == key {
				return nil, false
			}
		}
		return nil, true
	}
	if len(members) == small {
		seen = make(map[string]bool, 2*small)
		for i := range members {
			seen[members[i].key] = true
		}
	}
	if seen[key] {
		return seen, false
	}
	seen[key] = true
	return seen, true
}

func (r *reader) array(p path, depth int) (node, error) {
	n := node{kind: kindList, offset: r.at}
	r.at++
	r.space()
	if r.accept(']') {
		return n, nil
	}
	for {
		here := p.entry(len(n.list))
		value, err := r.value(here, depth+1)
		if err != nil {
			return node{}, err
		}
		n.list = append(n.list, value)
		r.space()
		if r.accept(']') {
			return n, nil
		}
		if !r.accept(',') {
			return node{}, r.unexpected(p, `"," or "]"`)
		}
		r.space()
	}
}

func (r *reader) number(p path) (node, error) {
	start := r.at
	r.accept('-')
	if !r.accept('0') && !r.digits() {
		return node{}, r.unexpected(p, "a digit")
	}
	if r.accept('.') && !r.digits() {
		return node{}, r.unexpected(p, "a digit")
	}
	if r.accept('e') || r.accept('E') {
		if !r.accept('+') {
			r.accept('-')
		}
		if !r.digits() {
			return node{}, r.unexpected(p, "a digit")
		}
	}
	return node{kind: kindNumber, offset: start, text: r.text[start:r.at]}, nil
}

// str reads a string; the reader stands on its opening quote.
func (r *reader) str(p path) (string, error) {
	r.at++
	start := r.at
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == '"':
			text := r.text[start:r.at]
			r.at++
			return text, nil
		case c == '\\':
			return r.escaped(p, start)
		case c < ' ':
			return "", faultf(p, r.at, "not valid JSON: a control character in a string; write it as \\u%04x", c)
		case c < utf8.RuneSelf:
			r.at++
		default:
			if err := r.rune(p); err != nil {
				return "", err
			}
		}
	}
	return "", r.unexpected(p, "the end of the string")
}

// escaped goes on with a string that has escapes and therefore needs a copy.
func (r *reader) escaped(p path, start int) (string, error) {
	var b strings.Builder
	b.WriteString(r.text[start:r.at])
	for r.at < len(r.text) {
		from := r.at
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return b.String(), nil
		case c == '\\':
			char, err := r.escape(p)
			if err != nil {
				return "", err
			}
			b.WriteRune(char)
		case c < ' ':
			return "", faultf(p, r.at, "not valid JSON: a control character in a string; write it as \\u%04x", c)
		default:
			if err := r.rune(p); err != nil {
				return "", err
			}
			b.WriteString(r.text[from:r.at])
		}
	}
	return "", r.unexpected(p, "the end of the string")
}

func (r *reader) escape(p path) (rune, error) {
	r.at++
	c := r.peek()
	r.at++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return r.unicodeEscape(p)
	}
	r.at--
	return 0, r.unexpected(p, `one of "\/bfnrtu after a backslash`)
}

// unicodeEscape reads what follows \u; half a surrogate pair becomes U+FFFD.
func (r *reader) unicodeEscape(p path) (rune, error) {
	char, ok := r.hex4()
	if !ok {
		return 0, r.unexpected(p, "four hexadecimal digits")
	}
	if !utf16.IsSurrogate(char) {
		return char, nil
	}
	if strings.HasPrefix(r.text[r.at:], `\u`) {
		before := r.at
		r.at += 2
		if second, ok := r.hex4(); ok {
			if pair := utf16.DecodeRune(char, second); pair != utf8.RuneError {
				return pair, nil
			}
		}
		r.at = before
	}
	return utf8.RuneError, nil
}

func (r *reader) hex4() (rune, bool) {
	var char rune
	for range 4 {
		c := r.peek()
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		char = char<<4 | rune(c)
		r.at++
	}
	return char, true
}

func (r *reader) rune(p path) error {
	char, size := utf8.DecodeRuneInString(r.text[r.at:])
	if char == utf8.RuneError && size == 1 {
		return faultf(p, r.at, "not valid UTF-8")
	}
	r.at += size
	return nil
}

func (r *reader) space() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

func (r *reader) digits() bool {
	start := r.at
	for isDigit(r.peek()) {
		r.at++
	}
	return r.at > start
}

func (r *reader) accept(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

func (r *reader) word(word string) bool {
	if !strings.HasPrefix(r.text[r.at:], word) {
		return false
	}
	r.at += len(word)
	return true
}

// peek gives the next byte, 0 at the end: no JSON syntax accepts a 0 byte.
func (r *reader) peek() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *reader) unexpected(p path, want string) error {
	return faultf(p, r.at, "not valid JSON: %s where %s should be", r.here(), want)
}

func (r *reader) here() string {
	if r.at >= len(r.text) {
		return "the end of the text"
	}
	char, _ := utf8.DecodeRuneInString(r.text[r.at:])
	return fmt.Sprintf("%q", char)
}

func isDigit(c byte) bool {
	return '0' <= c && c <= '9'
}
