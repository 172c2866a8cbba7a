package policy

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// value is one value of a condition, read once as what its operator compares.
type value struct {
	text    string // as written: a string's content, a number or boolean as it stands
	kind    kind
	valid   bool // false: the wrong type for the operator; it never matches
	truth   bool
	seconds int64
	number  number
	network netip.Prefix
	bytes   string
	pattern *pattern
}

// newValue reads a condition's value. Numbers and booleans may stand without
// quotes (iam-policy C7); null in a list never matches (V22).
func newValue(n *node, op operator, variables bool) value {
	v := value{text: n.text, kind: n.kind}
	if n.kind == kindNull {
		return v
	}
	switch op.family {
	case familyString:
		p := compile(n.text, grammar{wildcards: op.relation == relationLike, variables: variables})
		v.pattern, v.valid = &p, true
	case familyARN:
		p := compile(n.text, grammar{wildcards: true, variables: variables, arn: true})
		v.pattern = &p
		v.valid = isARN(n.text) || p.strategy == matchDynamic
	case familyNumeric:
		v.number, v.valid = parseNumber(n.text)
	case familyDate:
		v.seconds, v.valid = parseDate(n.text)
	case familyBool, familyNull:
		v.truth, v.valid = parseBool(n.text)
	case familyBinary:
		decoded, err := base64.StdEncoding.DecodeString(n.text)
		v.bytes, v.valid = string(decoded), err == nil
	case familyIP:
		v.network, v.valid = parseNetwork(n.text)
	}
	return v
}

// subject is a request value read as what the operator compares.
type subject struct {
	text    string
	number  number
	seconds int64
	address netip.Addr
}

// read reports whether the value is of the operator's type.
func (a *subject) read(f family, text string) bool {
	a.text = text
	ok := true
	switch f {
	case familyNumeric:
		a.number, ok = parseNumber(text)
	case familyDate:
		a.seconds, ok = parseDate(text)
	case familyIP:
		a.address, ok = parseAddress(text)
	case familyARN:
		ok = isARN(text)
	case familyString, familyBool, familyBinary, familyNull:
	}
	return ok
}

// matches compares without regard to negation.
func (v *value) matches(op operator, a *subject, ctx Context) bool {
	switch op.family {
	case familyString:
		if op.relation == relationIgnoreCase {
			return v.pattern.equalsIgnoringCase(a.text, ctx)
		}
		return v.pattern.matches(a.text, ctx)
	case familyARN:
		return v.pattern.matches(a.text, ctx)
	case familyNumeric:
		return op.relation.holds(a.number.compare(v.number))
	case familyDate:
		return op.relation.holds(compareSeconds(a.seconds, v.seconds))
	case familyBool:
		// false matches whatever is not true (iam-policy C40).
		truth, _ := parseBool(a.text)
		return truth == v.truth
	case familyBinary:
		return a.text == v.bytes
	case familyIP, familyNull: // Null compares nothing, see evaluateNull
	}
	return v.network.Contains(a.address)
}

func compareSeconds(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// parseBool reads true and false in either case (iam-policy C40).
func parseBool(text string) (truth, ok bool) {
	switch {
	case len(text) == len("true") && strings.EqualFold(text, "true"):
		return true, true
	case len(text) == len("false") && strings.EqualFold(text, "false"):
		return false, true
	}
	return false, false
}

// parseNetwork reads an address or a network. Bits after the mask are ignored
// (iam-policy C51); an address is a network of one (C50).
func parseNetwork(text string) (netip.Prefix, bool) {
	if !strings.Contains(text, "/") {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return netip.Prefix{}, false
		}
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), true
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	if address, inner := network.Addr(), network.Bits()-96; address.Is4In6() && inner >= 0 {
		network = netip.PrefixFrom(address.Unmap(), inner) // iam-policy C52
	}
	return network.Masked(), true
}

// parseAddress reads a caller's address; an IPv4 one may come as IPv6.
func parseAddress(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(text)
	return address.Unmap().WithZone(""), err == nil
}

// isARN reports six fields, the first of which is arn.
func isARN(text string) bool {
	return strings.HasPrefix(text, "arn:") && strings.Count(text, ":") >= arnColons
}

// resolvable reports whether every variable of the pattern has a value.
func (p *pattern) resolvable(ctx Context) bool {
	for _, t := range p.tokens {
		if t.kind == tokenVariable {
			if _, ok := t.variable.value(ctx); !ok {
				return false
			}
		}
	}
	return true
}

// equalsIgnoringCase compares lower-cased code points one by one. ß is not ss:
// that would be case folding (iam-policy C10).
func (p *pattern) equalsIgnoringCase(text string, ctx Context) bool {
	for _, t := range p.tokens {
		part := t.text
		if t.kind == tokenVariable {
			var ok bool
			if part, ok = t.variable.value(ctx); !ok {
				return false
			}
		}
		for part != "" {
			want, size := utf8.DecodeRuneInString(part)
			got, length := utf8.DecodeRuneInString(text)
			if unicode.ToLower(want) != unicode.ToLower(got) || length == 0 {
				return false
			}
			part, text = part[size:], text[length:]
		}
	}
	return text == ""
}
