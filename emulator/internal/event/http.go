package event

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dropped are the request headers that never reach a function (rest-gateway 2.3).
func dropped(canonical string) bool {
	switch canonical {
	case "Connection", "Content-Length", "Content-Md5", "Expect", "Max-Forwards", "Proxy-Authenticate", "Server", "Te",
		"Transfer-Encoding", "Trailer", "Upgrade", "Www-Authenticate":
		return true
	}
	return false
}

// generated are the headers that the gateway writes itself.
func generated(canonical string) bool {
	switch canonical {
	case "Host", "X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto":
		return true
	}
	return false
}

// capitalized are the headers whose names reach a function in this spelling, whatever the client's was.
func capitalized(canonical string) bool {
	return canonical == "Authorization" || canonical == "User-Agent"
}

// HeaderValue returns the first value of a header in whatever spelling: only net/http's server sees to it that a name is
// canonical, and requests are also made in process.
func HeaderValue(header http.Header, canonical string) string {
	if values := header[canonical]; len(values) > 0 {
		return values[0]
	}
	found := ""
	for name, values := range header {
		if len(name) == len(canonical) && strings.EqualFold(name, canonical) && len(values) > 0 && (found == "" || name < found) {
			found = name
		}
	}
	if found == "" {
		return ""
	}
	return header[found][0]
}

// Headers returns the headers of a request as an event shows them: without those that API Gateway drops, with those that
// it adds, sorted by name; the values of one name stay in the order in which they came (rest-gateway 2.3).
//
// The names are those of the header lines as the client sent them. Where they are not known, nil, names are what net/http
// made of them, and lower case on HTTP/2, which has no other.
func Headers(r *http.Request, names []string, sourceIP, traceID string) []Pair {
	headers := make([]Pair, 0, len(r.Header)+5)
	var forwarded []string
	var few [24]string // keeps the usual request's names off the heap
	keys := few[:0]
	for name := range r.Header {
		keys = append(keys, name)
	}
	slices.Sort(keys)
	for _, name := range keys {
		values, canonical := r.Header[name], http.CanonicalHeaderKey(name)
		switch {
		case canonical == "X-Forwarded-For":
			forwarded = append(forwarded, values...)
			continue
		case dropped(canonical) || generated(canonical):
			continue
		case capitalized(canonical):
			name = canonical
		case r.ProtoMajor == 2:
			name = strings.ToLower(name)
		case names != nil:
			headers = appendAsSent(headers, canonical, names, values)
			continue
		}
		for _, value := range values {
			headers = append(headers, Pair{name, value})
		}
	}
	forwardedFor := sourceIP
	if forwarded != nil {
		forwardedFor = strings.Join(append(forwarded, sourceIP), ", ")
	}
	headers = append(headers,
		Pair{"Host", r.Host},
		Pair{"X-Amzn-Trace-Id", traceID},
		Pair{"X-Forwarded-For", forwardedFor},
		Pair{"X-Forwarded-Port", "443"},
		Pair{"X-Forwarded-Proto", "https"},
	)
	slices.SortStableFunc(headers, byName)
	return headers
}

// appendAsSent gives each value the name of its line. A header without a line was not sent: net/http adds Cache-Control to
// a request with Pragma.
func appendAsSent(headers []Pair, canonical string, names, values []string) []Pair {
	sent, at := "", -1
	for _, value := range values {
		if next := nextSpelling(names, at+1, canonical); next >= 0 {
			sent, at = names[next], next
		}
		if at >= 0 {
			headers = append(headers, Pair{sent, value})
		}
	}
	return headers
}

// nextSpelling finds a header's next line, -1 when there is none.
func nextSpelling(names []string, from int, canonical string) int {
	for i := from; i < len(names); i++ {
		if len(names[i]) == len(canonical) && strings.EqualFold(names[i], canonical) {
			return i
		}
	}
	return -1
}

// ParseQuery reads the query of a URL: percent-encoding and + are decoded, parameters keep their order, and text that
// cannot be decoded stays as it was sent (rest-gateway 2.4). A semicolon is data (rest-gateway 1.6).
func ParseQuery(raw string) []Pair {
	raw, _, _ = strings.Cut(raw, "#")
	if raw == "" {
		return nil
	}
	var query []Pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		query = append(query, Pair{unescape(name), unescape(value)})
	}
	return query
}

func unescape(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}

func epochMillis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
