package event

import "strings"

// MediaTypes are an API's binaryMediaTypes: exact types, type/*, or */* for everything.
type MediaTypes []string

// MatchContentType reports whether a request body of this Content-Type is binary; parameters do not count
// (rest-gateway 2.8).
func (m MediaTypes) MatchContentType(contentType string) bool { return m.match(mediaType(contentType)) }

// MatchAccept reports whether a base64 response body is decoded for this Accept header: only its first media type counts
// (rest-gateway 3.6).
func (m MediaTypes) MatchAccept(accept string) bool {
	first, _, _ := strings.Cut(accept, ",")
	return m.match(mediaType(first))
}

func (m MediaTypes) match(value string) bool {
	for _, t := range m {
		if t == "*/*" { // rest-gateway 14 G7
			return true
		}
		if strings.HasPrefix(t, "*") { // recorded: a wildcard type with a subtype matches nothing, not even itself
			continue
		}
		prefix, wild := strings.CutSuffix(t, "*")
		if strings.EqualFold(value, t) || wild && len(value) >= len(prefix) && strings.EqualFold(value[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}

func mediaType(header string) string {
	value, _, _ := strings.Cut(header, ";")
	return strings.TrimSpace(value)
}
