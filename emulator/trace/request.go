package trace

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Request is a request as the client sent it, kept so that it can be made again. It holds what the client's secrets are; its
// JSON does not.
type Request struct {
	Method   string // as sent, whatever a header makes of it
	Target   string // path and query as sent
	Host     string
	SourceIP string
	Header   http.Header
	Names    []string // of the header lines as sent; nil when they are not known. They are shared, and not to be changed
	Length   int      // of the body, in bytes

	body   []byte
	event  Document        // has the body, where body does not
	viewed json.RawMessage // of a request that was read from JSON
}

// KeepBody keeps a body, unless it is longer than 64 KiB.
func (r *Request) KeepBody(body []byte) {
	r.Length, r.body, r.event = len(body), nil, nil
	if len(body) <= maxKept {
		r.body = body
	}
}

// BodyIn says that the event of an integration has the body, which then need not be kept twice.
func (r *Request) BodyIn(event Document) {
	if len(r.body) > 0 && utf8.Valid(r.body) { // what is no text may be in the event in another form
		r.body, r.event = nil, event
	}
}

// Body returns the body, and false when it was too long to be kept.
func (r *Request) Body() ([]byte, bool) {
	if r.event == nil {
		return r.body, len(r.body) == r.Length
	}
	var event struct {
		Body    string `json:"body"`
		Encoded bool   `json:"isBase64Encoded"`
	}
	if json.Unmarshal(r.event.JSON(), &event) != nil { // an excerpt
		return nil, false
	}
	body := []byte(event.Body)
	if event.Encoded {
		body, _ = base64.StdEncoding.DecodeString(event.Body) // its length then says that it was none
	}
	return body, len(body) == r.Length
}

// Query is the decoded query.
func (r *Request) Query() url.Values {
	_, query, _ := strings.Cut(r.Target, "?")
	values, _ := url.ParseQuery(query) // what cannot be decoded is left out
	return values
}

// Path is the raw path.
func (r *Request) Path() string {
	path, _, _ := strings.Cut(r.Target, "?")
	return path
}

func (r *Request) size() int {
	if r == nil {
		return 0
	}
	return cap(r.body)
}

// requestView is a request in the words of an event.
type requestView struct {
	Method  string              `json:"method"`
	Path    string              `json:"path"`
	Host    string              `json:"host"`
	Headers map[string][]string `json:"multiValueHeaders"`
	Query   map[string][]string `json:"multiValueQueryStringParameters,omitempty"`
	// Scheme is that of the Authorization header, which its masked value does not show: Bearer.
	Scheme   string  `json:"scheme,omitempty"`
	Body     *string `json:"body,omitempty"` // absent when it was not kept
	Encoded  bool    `json:"isBase64Encoded,omitempty"`
	Length   int     `json:"bodyBytes"`
	BodyKept bool    `json:"bodyKept"`
}

// json is the request as a trace shows it: as it is, or with its secrets masked as far as their names tell; the rest is for the
// trace to hide.
func (r *Request) json(shown func([]byte) any) (json.RawMessage, error) {
	if r.viewed != nil {
		return r.viewed, nil
	}
	view := requestView{
		Method: r.Method, Path: r.Path(), Host: r.Host, Query: r.Query(), Headers: map[string][]string{}, Length: r.Length,
	}
	for name, values := range r.Header {
		view.Headers[r.spelling(name)] = values
	}
	if scheme, _, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && isToken(scheme) {
		view.Scheme = scheme
	}
	body, kept := r.Body()
	view.BodyKept = kept
	if kept && len(body) > 0 {
		text := string(body)
		if view.Encoded = !utf8.Valid(body); view.Encoded {
			text = base64.StdEncoding.EncodeToString(body)
		}
		view.Body = &text
	}
	text, err := json.Marshal(view)
	if err != nil {
		return nil, err
	}
	return json.Marshal(shown(text))
}

// spelling is the name of a header as the client wrote it.
func (r *Request) spelling(name string) string {
	at := slices.IndexFunc(r.Names, func(sent string) bool { return strings.EqualFold(sent, name) })
	if at < 0 {
		return name
	}
	return r.Names[at]
}

// isToken reports whether a text can be the scheme of an Authorization header; a secret with a space in it rather cannot.
func isToken(text string) bool {
	const longest = 16
	return text != "" && len(text) <= longest && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-'
	})
}
