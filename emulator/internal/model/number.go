package model

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Numbers are compared exactly, which takes minutes for one of millions of digits, and for one with an exponent of a billion
// more memory than there is.
const (
	maxDigits   = 1000 // how long a number may be, in characters
	maxExponent = 1000 // either way
)

// unbounded finds a number in a value of JSON that is too long, too large or too close to 0 to be compared, and where it is.
func unbounded(value any, at []string) (pointer []string, number string) {
	switch value := value.(type) {
	case json.Number:
		if !isBounded(value.String()) {
			return slices.Clone(at), value.String()
		}
	case []any:
		for i, item := range value {
			if pointer, number = unbounded(item, append(at, strconv.Itoa(i))); number != "" {
				return pointer, number
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if pointer, number = unbounded(value[name], append(at, name)); number != "" {
				return pointer, number
			}
		}
	}
	return nil, ""
}

// isBounded reports whether a number is compared.
func isBounded(number string) bool {
	if len(number) > maxDigits {
		return false
	}
	at := strings.IndexAny(number, "eE")
	if at < 0 {
		return true
	}
	exponent, err := strconv.Atoi(number[at+1:])
	return err == nil && exponent <= maxExponent && exponent >= -maxExponent
}

// tooLarge says so of a number, of which it gives as much as anybody reads.
func tooLarge(number string) string {
	const most = 32
	if len(number) > most {
		number = number[:most] + "…"
	}
	return fmt.Sprintf("%s has more than %d digits, or an exponent beyond %d, and is not compared", number, maxDigits, maxExponent)
}
