package control

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// ExplainRequest is a request that is to be explained, not served.
type ExplainRequest struct {
	Method  string      `json:"method"` // "" is GET
	Path    string      `json:"path"`   // as a client sends it, with the stage, and with or without a query
	Headers http.Header `json:"headers"`
	Query   url.Values  `json:"query"` // is added to what Path has
}

// HTTP is the request as the API's listener would receive it. The error is a [*RequestError].
func (e ExplainRequest) HTTP(ctx context.Context) (*http.Request, error) {
	if !strings.HasPrefix(e.Path, "/") {
		return nil, &RequestError{http.StatusBadRequest, fmt.Sprintf("path %q must begin with /", e.Path)}
	}
	target := e.Path
	if len(e.Query) > 0 {
		separator := "?"
		if strings.Contains(target, "?") {
			separator = "&"
		}
		target += separator + e.Query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, e.Method, "http://localhost", http.NoBody)
	if err != nil {
		return nil, &RequestError{http.StatusBadRequest, fmt.Sprintf("method %q cannot be sent", e.Method)}
	}
	if r.URL, err = url.ParseRequestURI(target); err != nil {
		return nil, &RequestError{http.StatusBadRequest, fmt.Sprintf("path %q cannot be sent: %v", e.Path, err)}
	}
	r.RequestURI = target
	for name, values := range e.Headers {
		for _, value := range values {
			r.Header.Add(name, value)
		}
	}
	if host := r.Header.Get("Host"); host != "" { // which net/http keeps elsewhere
		r.Host = host
		r.Header.Del("Host")
	}
	return r, nil
}

func (a *api) explain(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Method  string           `json:"method"`
		Path    string           `json:"path"`
		Headers map[string]texts `json:"headers"`
		Query   map[string]texts `json:"query"`
	}
	if !read(w, r, &asked) {
		return
	}
	request, err := ExplainRequest{asked.Method, asked.Path, named(asked.Headers), named(asked.Query)}.HTTP(r.Context())
	if err != nil {
		answer(w, nil, err)
		return
	}
	request.RemoteAddr = r.RemoteAddr
	reply(w, http.StatusOK, a.Explain(request))
}
