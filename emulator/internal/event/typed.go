package event

import (
	"encoding/base64"
	"maps"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// maxTyped is how many bytes of text a request or an answer may have to go without JSON. What is larger is rare, and costs
// more to send than to encode.
const maxTyped = 64 << 10

// budget counts the text of a request or an answer.
type budget int

// text reports whether JSON would leave a text as it is, and whether there is room for it: bytes that are not UTF-8 do not
// survive JSON.
func (b *budget) text(text string) bool {
	*b -= budget(len(text))
	return *b >= 0 && utf8.ValidString(text)
}

func (b *budget) pairs(pairs []Pair) bool {
	for i := range pairs {
		if !b.text(pairs[i].Name) || !b.text(pairs[i].Value) {
			return false
		}
	}
	return true
}

func (b *budget) variables(variables map[string]string) bool {
	for name, value := range variables {
		if !b.text(name) || !b.text(value) {
			return false
		}
	}
	return true
}

// Plain reports whether a request with this body can go to a handler as a struct, and how many bytes of text it has. It
// cannot when a function would see the difference: bytes that are not UTF-8, and events that Lambda may find too large.
func Plain(r *Request, body []byte) (size int, ok bool) {
	b := budget(maxTyped)
	ok = b.text(r.Method) && b.text(r.Path) && b.text(r.ContextPath) && b.text(r.Host) && b.text(r.SourceIP) &&
		b.text(r.ID) && b.text(r.Resource) && b.text(r.MethodARN) &&
		b.text(r.SentAPIKey) && b.text(r.APIKey) && b.text(r.APIKeyID) &&
		b.pairs(r.Headers) && b.pairs(r.Query) && b.pairs(r.PathParameters) && b.variables(r.Stage.Variables)
	if c := r.ClientCert; c != nil {
		ok = ok && b.text(c.PEM) && b.text(c.SubjectDN) && b.text(c.IssuerDN)
	}
	b -= budget(len(body))
	return maxTyped - int(b), ok && b >= 0 && utf8.Valid(body)
}

// ProxyStruct is what a Go function decodes the event of [Proxy] into. The request must be plain, and the authorizer's map is
// the event's from now on.
func ProxyStruct(r *Request, body []byte, binary MediaTypes, authorizer map[string]any) events.APIGatewayProxyRequest {
	e := events.APIGatewayProxyRequest{
		Resource:                        r.Resource,
		Path:                            r.Path,
		HTTPMethod:                      r.Method,
		Headers:                         single(r.Headers),
		MultiValueHeaders:               multiple(r.Headers),
		QueryStringParameters:           single(r.Query),
		MultiValueQueryStringParameters: multiple(r.Query),
		PathParameters:                  single(r.PathParameters),
		RequestContext: events.APIGatewayProxyRequestContext{
			AccountID:         r.Stage.AccountID,
			ResourceID:        r.ResourceID,
			Stage:             r.Stage.Name,
			DomainName:        r.DomainName(),
			DomainPrefix:      r.DomainPrefix(),
			RequestID:         r.ID,
			ExtendedRequestID: r.ExtendedID,
			Protocol:          Protocol,
			Identity:          events.APIGatewayRequestIdentity{SourceIP: r.SourceIP, APIKey: r.APIKey, APIKeyID: r.APIKeyID},
			ResourcePath:      r.Resource,
			Path:              r.ContextPath,
			Authorizer:        authorizer,
			HTTPMethod:        r.Method,
			RequestTime:       r.RequestTime(),
			RequestTimeEpoch:  r.Time.UnixMilli(),
			APIID:             r.Stage.APIID,
		},
	}
	e.RequestContext.Identity.UserAgent, _ = r.Header("User-Agent")
	e.RequestContext.Identity.ClientCert = r.ClientCert.certStruct()
	if len(r.Stage.Variables) > 0 {
		e.StageVariables = maps.Clone(r.Stage.Variables)
	}
	if len(body) > 0 {
		e.Body, e.IsBase64Encoded = bodyOf(r, body, binary)
	}
	return e
}

// bodyOf is the body as an event has it.
func bodyOf(r *Request, body []byte, binary MediaTypes) (text string, encoded bool) {
	contentType, _ := r.Header("Content-Type")
	if binary.MatchContentType(contentType) {
		return base64.StdEncoding.EncodeToString(body), true
	}
	return string(body), false
}

// TokenStruct is what a Go function decodes the event of [Token] into.
func TokenStruct(r *Request, token string) events.APIGatewayCustomAuthorizerRequest {
	return events.APIGatewayCustomAuthorizerRequest{Type: "TOKEN", AuthorizationToken: token, MethodArn: r.MethodARN}
}

// AuthorizerRequestStruct is what a Go function decodes the event of [AuthorizerRequest] into. The request must be plain.
func AuthorizerRequestStruct(r *Request) events.APIGatewayCustomAuthorizerRequestTypeRequest {
	e := events.APIGatewayCustomAuthorizerRequestTypeRequest{
		Type:                            "REQUEST",
		MethodArn:                       r.MethodARN,
		Resource:                        r.Resource,
		Path:                            r.Path,
		HTTPMethod:                      r.Method,
		Headers:                         orEmpty(single(r.Headers)),
		MultiValueHeaders:               orEmpty(multiple(r.Headers)),
		QueryStringParameters:           orEmpty(single(r.Query)),
		MultiValueQueryStringParameters: orEmpty(multiple(r.Query)),
		PathParameters:                  orEmpty(single(r.PathParameters)),
		StageVariables:                  orEmpty(maps.Clone(r.Stage.Variables)),
		RequestContext: events.APIGatewayCustomAuthorizerRequestTypeRequestContext{
			Path:         r.ContextPath,
			AccountID:    r.Stage.AccountID,
			ResourceID:   r.ResourceID,
			Stage:        r.Stage.Name,
			RequestID:    r.ID,
			Identity:     events.APIGatewayCustomAuthorizerRequestTypeRequestIdentity{SourceIP: r.SourceIP, APIKey: r.SentAPIKey},
			ResourcePath: r.Resource,
			HTTPMethod:   r.Method,
			APIID:        r.Stage.APIID,
		},
	}
	if c := r.ClientCert.certStruct(); c != nil {
		e.RequestContext.Identity.ClientCert = *c
	}
	return e
}
