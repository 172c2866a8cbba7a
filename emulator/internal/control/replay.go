package control

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatewayd/emulator/trace"
)

// Replay is what is different when a request is made again. The zero value repeats it as it was, secrets included.
type Replay struct {
	Method  string              // "" is the method that it had
	Path    string              // raw, without a query; "" is the path that it had
	Query   map[string][]string // decoded, by name: these in place of what was sent, none to leave a parameter out
	Headers map[string][]string // likewise; names in any spelling
	Body    *string             // nil is the body that it had
}

// Apply is the request with the changes, and its body. The error is a [*RequestError].
func (c *Replay) Apply(sent *trace.Request) (changed trace.Request, body []byte, err error) {
	refuse := func(format string, args ...any) (trace.Request, []byte, error) {
		return trace.Request{}, nil, &RequestError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
	}
	changed = trace.Request{
		Method: sent.Method, Target: sent.Target, Host: sent.Host, SourceIP: sent.SourceIP, Header: sent.Header.Clone(),
		Names: slices.Clone(sent.Names),
	}
	if c.Method != "" {
		if !isToken(c.Method) {
			return refuse("method %q cannot be sent", c.Method)
		}
		changed.Method = c.Method
	}
	if changed.Target, err = c.target(sent.Target); err != nil {
		return refuse("%v", err)
	}
	if err := c.setHeaders(&changed); err != nil {
		return refuse("%v", err)
	}
	if c.Body != nil {
		return changed, []byte(*c.Body), nil
	}
	body, kept := sent.Body()
	if !kept {
		return refuse("the request's body has %d bytes, and no more than 65536 are kept; say what body to send", sent.Length)
	}
	return changed, body, nil
}

// target is the request target. What is not changed stays as it was sent, to the byte.
func (c *Replay) target(sent string) (string, error) {
	path, query, _ := strings.Cut(sent, "?")
	if c.Path != "" {
		if !strings.HasPrefix(c.Path, "/") || strings.ContainsAny(c.Path, "?#") {
			return "", fmt.Errorf("path %q must begin with / and have no query", c.Path)
		}
		path = c.Path
	}
	if query = c.query(query); query != "" {
		path += "?" + query
	}
	if _, err := url.ParseRequestURI(path); err != nil {
		return "", fmt.Errorf("path %q cannot be sent: %w", path, err)
	}
	return path, nil
}

// query leaves parameters that are not changed in their place.
func (c *Replay) query(sent string) string {
	if len(c.Query) == 0 {
		return sent
	}
	var parts []string
	for part := range strings.SplitSeq(sent, "&") {
		name, _, _ := strings.Cut(part, "=")
		if decoded, err := url.QueryUnescape(name); err == nil {
			name = decoded
		}
		if _, changed := c.Query[name]; part != "" && !changed {
			parts = append(parts, part)
		}
	}
	if added := url.Values(c.Query).Encode(); added != "" {
		parts = append(parts, added)
	}
	return strings.Join(parts, "&")
}

func (c *Replay) setHeaders(request *trace.Request) error {
	if request.Header == nil {
		request.Header = http.Header{}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		values := c.Headers[name]
		if !isHeader(name, values) {
			return fmt.Errorf("header %q cannot be sent", name)
		}
		if strings.EqualFold(name, "Host") { // which net/http keeps elsewhere
			request.Host = strings.Join(values, "")
			continue
		}
		for sent := range request.Header {
			if strings.EqualFold(sent, name) {
				delete(request.Header, sent)
			}
		}
		if len(values) == 0 {
			continue
		}
		request.Header[http.CanonicalHeaderKey(name)] = values
		if request.Names != nil {
			request.Names = append(request.Names, name)
		}
	}
	return nil
}

// isHeader reports whether HTTP can carry the header (RFC 9110 5.5 and 5.6.2).
func isHeader(name string, values []string) bool {
	return isToken(name) && !slices.ContainsFunc(values, func(value string) bool {
		return strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
	})
}

func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

func (a *api) replay(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Method  string           `json:"method"`
		Path    string           `json:"path"`
		Query   map[string]texts `json:"query"`
		Headers map[string]texts `json:"headers"`
		Body    *string          `json:"body"`
	}
	if !read(w, r, &asked) {
		return
	}
	replayed, err := a.Replay(context.WithoutCancel(r.Context()), parameter(r, "requestId"), Replay{
		Method: asked.Method, Path: asked.Path, Query: named(asked.Query), Headers: named(asked.Headers), Body: asked.Body,
	})
	answer(w, replayed, err)
}
