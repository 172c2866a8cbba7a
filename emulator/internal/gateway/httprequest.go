package gateway

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/internal/mapping"
)

// request is the client's request as it goes to the endpoint (rest-gateway 9): its headers but for some, its query behind the
// URI's own, its body, and what is mapped.
func (p *httpProxy) request(ctx context.Context, x *exchange) (*http.Request, error) {
	target, method := p.url(x), p.method
	if method == "" {
		method = x.request.Method
	}
	// A copy, because the transport may still read the body when it has returned.
	request, err := http.NewRequestWithContext(ctx, method, "", bytes.NewReader(bytes.Clone(p.text(x.contentType(), x.body))))
	if err != nil {
		return nil, err
	}
	request.URL, request.Host, request.Header = target, target.Host, p.headers(x)
	return request, nil
}

// url is the URI with its parameters as the client sent them: neither decoded nor encoded.
func (p *httpProxy) url(x *exchange) *url.URL {
	var text strings.Builder
	for i, part := range p.uri.Text {
		text.WriteString(part)
		if i < len(p.uri.Names) {
			text.WriteString(p.pathParameter(x, p.uri.Names[i]))
		}
	}
	path, query, _ := strings.Cut(text.String(), "?")
	for i := range p.mapped {
		m := &p.mapped[i]
		if m.to != apigw.QueryStringParameter {
			continue
		}
		if value, ok := m.from.Value(variables{exchange: x}); ok { // what has no value is left out, as recorded
			query = join(query, url.QueryEscape(m.name)+"="+url.QueryEscape(value))
		}
	}
	query = join(query, rawQuery(x.http))
	// net/url writes a raw path as it is where it is that of the path.
	unescaped, err := url.PathUnescape(path)
	if err != nil {
		unescaped = path
	}
	return &url.URL{Scheme: p.uri.Scheme, Host: p.uri.Host, Path: unescaped, RawPath: path, RawQuery: query}
}

// pathParameter is the integration's own parameter, or else the route's.
func (p *httpProxy) pathParameter(x *exchange, name string) string {
	values := variables{exchange: x}
	for i := range p.mapped {
		if m := &p.mapped[i]; m.to == apigw.PathParameterKind && m.name == name {
			value, _ := m.from.Value(values)
			if m.from.Reference().Source == mapping.Path {
				return value
			}
			return pathText(value)
		}
	}
	value, _ := values.pathParameter(name)
	return value
}

// pathText is a value that is not from a path as it can stand in one: what would end the path, or is no part of any, is
// percent-encoded. Slashes stay, and so does a value that is encoded already.
func pathText(value string) string {
	const kept = "/%:@!$&'()*+,;=-._~"
	var text strings.Builder
	for i := range len(value) {
		c := value[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(kept, c) >= 0 {
			text.WriteByte(c)
		} else {
			fmt.Fprintf(&text, "%%%02X", c)
		}
	}
	return text.String()
}

func join(query, more string) string {
	if query == "" || more == "" {
		return query + more
	}
	return query + "&" + more
}

// headers are the client's that an endpoint receives, with those that API Gateway writes. What the client spelled keeps its
// spelling.
func (p *httpProxy) headers(x *exchange) http.Header {
	const added = 4
	header := make(http.Header, len(x.request.Headers)+len(p.mapped)+added)
	for _, h := range x.request.Headers {
		if canonical := http.CanonicalHeaderKey(h.Name); !keptFromEndpoint(canonical, h.Value) {
			header[h.Name] = append(header[h.Name], h.Value)
		}
	}
	for i := range p.mapped {
		m := &p.mapped[i]
		if m.to != apigw.HeaderParameter || neverMapped(http.CanonicalHeaderKey(m.name)) {
			continue
		}
		if value, ok := m.from.Value(variables{exchange: x}); ok {
			remove(header, m.name)
			// A line break would begin a header of the client's choice, and net/http refuses it.
			header[m.name] = []string{validValue(value)}
		}
	}
	header["X-Amzn-Apigateway-Api-Id"] = []string{p.apiID}
	preset(header, "User-Agent", "AmazonAPIGateway_"+p.apiID)
	preset(header, "Accept", "application/json")
	return header
}

// keptFromEndpoint are the headers that an endpoint does not receive beside those that no function receives, of which
// Connection was recorded here, too. A signature is for API Gateway.
func keptFromEndpoint(canonical, value string) bool {
	switch canonical {
	case "Content-Encoding", "Host", "Keep-Alive", "Proxy-Connection", "Via", "X-Amzn-Apigateway-Api-Id":
		return true
	case "Authorization":
		return strings.HasPrefix(value, "AWS4-HMAC-SHA256 ")
	}
	return false
}

// neverMapped are the headers that no mapping brings to an endpoint.
func neverMapped(canonical string) bool {
	switch canonical {
	case "Connection", "Expect", "Host", "Proxy-Authenticate", "Te", "Via":
		return true
	}
	return false
}

func remove(header http.Header, name string) {
	for key := range header {
		if strings.EqualFold(key, name) {
			delete(header, key)
		}
	}
}

// preset sets what the client has not sent.
func preset(header http.Header, name, value string) {
	if event.HeaderValue(header, name) == "" {
		header[name] = []string{value}
	}
}

// contentType is that of the request.
func (x *exchange) contentType() string {
	value, _ := x.request.Header("Content-Type")
	return value
}

// text is a body as API Gateway passes it on: bytes where its type is one of the API's binary media types, else text, in which
// bytes that are not UTF-8 become U+FFFD (the developer guide, "Content type conversions in API Gateway").
func (p *httpProxy) text(contentType string, body []byte) []byte {
	if p.binary.MatchContentType(contentType) {
		return body
	}
	return validText(body)
}
