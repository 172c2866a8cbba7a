package event

import (
	"slices"
	"unicode/utf8"
)

// The events are appended by hand: encoding/json takes four times as long, most of it for sorting maps that it cannot know are
// sorted. A property test has encoding/json write the same.

// AppendText appends a JSON string as API Gateway writes it, without escaping <, > and &. As in encoding/json, a byte that is
// not UTF-8 becomes U+FFFD, and the line ends that JavaScript once did not take are escaped.
func AppendText(out []byte, text string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	start := 0
	for i := 0; i < len(text); {
		b := text[i]
		if b >= ' ' && b != '"' && b != '\\' && b < utf8.RuneSelf {
			i++
			continue
		}
		if b < utf8.RuneSelf {
			out = append(out, text[start:i]...)
			switch b {
			case '"', '\\':
				out = append(out, '\\', b)
			case '\b':
				out = append(out, '\\', 'b')
			case '\f':
				out = append(out, '\\', 'f')
			case '\n':
				out = append(out, '\\', 'n')
			case '\r':
				out = append(out, '\\', 'r')
			case '\t':
				out = append(out, '\\', 't')
			default:
				out = append(out, '\\', 'u', '0', '0', hex[b>>4], hex[b&0xf])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
			out = append(out, text[start:i]...)
			out = append(out, '\\', 'u', hex[r>>12&0xf], hex[r>>8&0xf], hex[r>>4&0xf], hex[r&0xf])
			start = i + size
		}
		i += size
	}
	out = append(out, text[start:]...)
	return append(out, '"')
}

// object writes the members of a JSON object. Names are our own, and need no escaping.
type object struct {
	json  []byte
	empty string // what an empty map is: null or {}
}

// name begins a member.
func (o *object) name(name string) {
	if last := o.json[len(o.json)-1]; last != '{' {
		o.json = append(o.json, ',')
	}
	o.json = append(o.json, '"')
	o.json = append(o.json, name...)
	o.json = append(o.json, '"', ':')
}

func (o *object) text(name, value string) {
	o.name(name)
	o.json = AppendText(o.json, value)
}

// raw adds a member whose value is JSON.
func (o *object) raw(name, value string) {
	o.name(name)
	o.json = append(o.json, value...)
}

func (o *object) begin(name string) {
	o.name(name)
	o.json = append(o.json, '{')
}

func (o *object) end() { o.json = append(o.json, '}') }

// single adds the map in which the last value of a name wins.
func (o *object) single(name string, pairs []Pair) {
	if len(pairs) == 0 {
		o.raw(name, o.empty)
		return
	}
	o.begin(name)
	pairs = sorted(pairs)
	for i, p := range pairs {
		if i+1 < len(pairs) && pairs[i+1].Name == p.Name {
			continue
		}
		if o.json[len(o.json)-1] != '{' {
			o.json = append(o.json, ',')
		}
		o.json = append(AppendText(o.json, p.Name), ':')
		o.json = AppendText(o.json, p.Value)
	}
	o.end()
}

// multiple adds the map that keeps every value, in order.
func (o *object) multiple(name string, pairs []Pair) {
	if len(pairs) == 0 {
		o.raw(name, o.empty)
		return
	}
	o.begin(name)
	pairs = sorted(pairs)
	for i, p := range pairs {
		switch {
		case i > 0 && pairs[i-1].Name == p.Name:
			o.json = append(o.json, ',')
		case i > 0:
			o.json = append(o.json, ',')
			fallthrough
		default:
			o.json = append(AppendText(o.json, p.Name), ':', '[')
		}
		o.json = AppendText(o.json, p.Value)
		if i+1 == len(pairs) || pairs[i+1].Name != p.Name {
			o.json = append(o.json, ']')
		}
	}
	o.end()
}

// sorted are the pairs in the order of their names, which JSON has; those of one name stay in theirs.
func sorted(pairs []Pair) []Pair {
	if slices.IsSortedFunc(pairs, byName) {
		return pairs
	}
	pairs = slices.Clone(pairs)
	slices.SortStableFunc(pairs, byName)
	return pairs
}

// variables are a map as pairs.
func variables(m map[string]string) []Pair {
	if len(m) == 0 {
		return nil
	}
	pairs := make([]Pair, 0, len(m))
	for name, value := range m {
		pairs = append(pairs, Pair{name, value})
	}
	return pairs
}
