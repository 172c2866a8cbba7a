package apigw

import (
	"fmt"
	"net/url"
	"strings"
)

const stageVariablePrefix = "${stageVariables."

// ExpandStageVariables replaces ${stageVariables.NAME}, as API Gateway does in the URI of an integration and in the name of a
// function. The names of variables that are not set are missing; they are expanded to nothing (rest-gateway 8.1).
func (a *API) ExpandStageVariables(text string) (expanded string, missing []string) {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, stageVariablePrefix)
		name, rest, closed := strings.Cut(after, "}")
		if out.WriteString(before); !found || !closed {
			out.WriteString(text[len(before):])
			return out.String(), missing
		}
		value := a.StageVariables[name]
		if value == "" {
			missing = append(missing, name)
		}
		out.WriteString(value)
		text = rest
	}
}

// expandName expands the name of a function, unless a variable is missing: Validate then says which.
func (a *API) expandName(name *string) {
	if expanded, missing := a.ExpandStageVariables(*name); len(missing) == 0 {
		*name = expanded
	}
}

// URITemplate is the URI of an integration, its stage variables expanded, with {NAME} where a path parameter stands.
type URITemplate struct {
	Scheme, Host string
	Text         []string // path and query: before each parameter, and behind the last
	Names        []string // of the parameters
}

// ParseURI reads the URI of an integration. Parameters may stand in its path and its query.
func ParseURI(text string) (URITemplate, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	uri := URITemplate{Scheme: strings.ToLower(scheme), Host: rest[:end]}
	rest = rest[end:]
	switch {
	case !ok || uri.Scheme != "http" && uri.Scheme != "https" || !isEndpoint(text[:len(text)-len(rest)]):
		return URITemplate{}, fmt.Errorf("%q must be http:// or https:// with a host, such as http://127.0.0.1:8081/{proxy}", text)
	case strings.Contains(uri.Host, "@"):
		return URITemplate{}, fmt.Errorf("the URI holds a user; API Gateway sends no such thing, so map a header instead")
	case strings.Contains(rest, "#"):
		return URITemplate{}, fmt.Errorf("%q: a fragment is not sent to a server", text)
	}
	if !strings.HasPrefix(rest, "/") {
		rest = "/" + rest
	}
	for {
		before, after, found := strings.Cut(rest, "{")
		if err := checkRequestTarget(before); err != nil {
			return URITemplate{}, fmt.Errorf("%q: %w", text, err)
		}
		if uri.Text = append(uri.Text, before); !found {
			return uri, nil
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed || name == "" || !parameterName(name) {
			return URITemplate{}, fmt.Errorf("%q: a path parameter is written {NAME}", text)
		}
		uri.Names = append(uri.Names, name)
		rest = tail
	}
}

func checkRequestTarget(text string) error {
	for _, r := range text {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`"<>\^{|}`+"`", r) {
			return fmt.Errorf("%q must be percent-encoded", r)
		}
	}
	_, err := url.Parse(text)
	return err
}
