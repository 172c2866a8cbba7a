package policy

import "strings"

// number is a decimal of any length: its sign, the power of ten of its first
// digit, and its digits without zeros on either side, with or without a point
// among them. A float64 would take 9007199254740993 for 9007199254740992.
type number struct {
	sign   int // -1, 0 or 1
	power  int
	digits string
}

// parseNumber reads an integer or decimal, with or without an exponent: what
// a JSON number may be written as (iam-policy C7, C20).
func parseNumber(text string) (number, bool) {
	n := number{sign: 1}
	mantissa := text
	if text != "" && (text[0] == '-' || text[0] == '+') {
		mantissa = text[1:]
		if text[0] == '-' {
			n.sign = -1
		}
	}
	exponent := 0
	if e := strings.IndexAny(mantissa, "eE"); e >= 0 {
		var ok bool
		if exponent, ok = parseExponent(mantissa[e+1:]); !ok {
			return number{}, false
		}
		mantissa = mantissa[:e]
	}
	point := len(mantissa)
	first, last := -1, -1 // of the digits that are not 0
	for i := range len(mantissa) {
		switch c := mantissa[i]; {
		case c == '.' && point == len(mantissa) && i > 0 && i < len(mantissa)-1:
			point = i
		case !isDigit(c):
			return number{}, false
		case c != '0':
			last = i
			if first < 0 {
				first = i
			}
		}
	}
	switch {
	case mantissa == "":
		return number{}, false
	case first < 0:
		return number{}, true
	}
	n.digits = mantissa[first : last+1]
	n.power = exponent + point - first
	if first > point {
		n.power++
	}
	return n, true
}

func parseExponent(text string) (int, bool) {
	sign := 1
	if text != "" && (text[0] == '-' || text[0] == '+') {
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
	}
	const longest = 6 // digits; nobody means more
	if text == "" || len(text) > longest {
		return 0, false
	}
	value := 0
	for i := range len(text) {
		if !isDigit(text[i]) {
			return 0, false
		}
		value = value*10 + int(text[i]-'0')
	}
	return sign * value, true
}

// compare gives -1, 0 or 1, as n is less than, equal to or greater than m.
func (n number) compare(m number) int {
	switch {
	case n.sign != m.sign:
		return sign(n.sign - m.sign)
	case n.power != m.power:
		return n.sign * sign(n.power-m.power)
	}
	return n.sign * compareDigits(n.digits, m.digits)
}

// compareDigits compares what stands to the right of the same power of ten.
func compareDigits(a, b string) int {
	for {
		a, b = strings.TrimPrefix(a, "."), strings.TrimPrefix(b, ".")
		switch {
		case a == "" || b == "":
			return sign(len(a) - len(b))
		case a[0] != b[0]:
			return sign(int(a[0]) - int(b[0]))
		}
		a, b = a[1:], b[1:]
	}
}

func sign(n int) int {
	return min(max(n, -1), 1)
}
