package apigw

import (
	"net/http"
	"strings"
	"time"
)

// IntegrationType is what answers behind a route.
type IntegrationType string

// The integration types that gatewayd has, in AWS's words.
const (
	LambdaProxy     IntegrationType = "AWS_PROXY"
	HTTPProxyType   IntegrationType = "HTTP_PROXY"
	MockIntegration IntegrationType = "MOCK"
)

// Integration is the type of what answers behind a route.
func (r *Route) Integration() IntegrationType {
	switch {
	case r.HTTP != nil:
		return HTTPProxyType
	case r.Mock != nil:
		return MockIntegration
	}
	return LambdaProxy
}

// HTTPProxy is an HTTP_PROXY integration: the request goes on to an HTTP endpoint, whose response goes back (rest-gateway 9).
type HTTPProxy struct {
	// URI is http:// or https:// and what follows. {NAME} stands for a path parameter of the integration or else of the route,
	// ${stageVariables.NAME} for a stage variable.
	URI string

	Method     string            // of the request to the endpoint; "" or ANY for the client's
	Parameters []MappedParameter // what the request to the endpoint has besides the client's
	Timeout    time.Duration     // 0: the API's
	Insecure   bool              // any certificate of the endpoint will do
	Position   Position          // of the URI
}

// MappedParameter is an entry of an integration's requestParameters.
type MappedParameter struct {
	To       ParameterKind
	Name     string
	From     string // a mapping expression
	Position Position
}

// ParameterKind is where a request has a parameter.
type ParameterKind int

// The kinds of parameters.
const (
	HeaderParameter ParameterKind = iota
	QueryStringParameter
	PathParameterKind
)

// ParseMappedParameter reads the key of an entry of requestParameters: integration.request.header.NAME, .querystring.NAME or
// .path.NAME.
func ParseMappedParameter(key string) (kind ParameterKind, name string, ok bool) {
	for kind, prefix := range []string{"integration.request.header.", "integration.request.querystring.", "integration.request.path."} {
		if name, ok := strings.CutPrefix(key, prefix); ok && name != "" {
			return ParameterKind(kind), name, true
		}
	}
	return 0, "", false
}

// IllegalHeader reports whether API Gateway answers 500 to every request of an integration that maps this header (rest-gateway
// 3.5).
func IllegalHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Content-Length", "Transfer-Encoding", "X-Amzn-Trace-Id", "X-Amzn-Apigateway-Api-Id":
		return true
	}
	return false
}

// Mock is a MOCK integration: a response that needs no backend (rest-gateway 9).
type Mock struct {
	Status   int
	Headers  []MockHeader // in the order of the file
	Body     string       // a template
	Position Position
}

// MockHeader is a header of a mock's response.
type MockHeader struct {
	Name  string
	Value string // a template
}
