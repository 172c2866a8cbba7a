package trace

import (
	"regexp"
	"strings"
)

// What looks like a secret in a text that is neither JSON nor made by the gateway: the body of a form, a query, an error that a
// function reports, a token in the middle of a sentence.
var (
	looseToken  = regexp.MustCompile(`\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*`) // a JSON Web Token
	loosePair   = regexp.MustCompile(`([A-Za-z][\w.-]*)=([^\s&;,"'<>\\…]+)`)
	looseScheme = regexp.MustCompile(`\b((?i:bearer|basic) +)([\w.~+/-]{16,}=*)`) // RFC 6750 and 7617
)

// maskLoose masks what looks like a secret wherever it stands.
func maskLoose(text string) string {
	// Most texts have none of it, and a look costs less than an expression.
	if strings.Contains(text, "eyJ") {
		text = looseToken.ReplaceAllStringFunc(text, Mask)
	}
	if strings.ContainsRune(text, ' ') {
		text = maskSecond(looseScheme, text, func(string) bool { return true }, "")
	}
	if strings.ContainsRune(text, '=') {
		text = maskSecond(loosePair, text, secretName, "=")
	}
	return text
}

// maskSecond masks the second part of what matches, if the first is the name of a secret.
func maskSecond(pattern *regexp.Regexp, text string, secret func(string) bool, between string) string {
	return pattern.ReplaceAllStringFunc(text, func(match string) string {
		parts := pattern.FindStringSubmatch(match)
		if !secret(parts[1]) {
			return match
		}
		return parts[1] + between + Mask(parts[2])
	})
}
