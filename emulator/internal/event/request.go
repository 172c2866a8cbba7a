package event

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Stage is what all events of a deployed stage have in common.
type Stage struct {
	AccountID    string
	APIID        string
	Name         string
	DeploymentID string
	Variables    map[string]string
}

// Pair is a header, a query parameter or a path parameter.
type Pair struct{ Name, Value string }

// Request is an HTTP request as API Gateway sees it: all that events and identity sources are made from.
type Request struct {
	Stage *Stage

	ID         string // requestId: a UUID
	ExtendedID string // extendedRequestId: 16 characters
	TraceID    string // of X-Amzn-Trace-Id
	Time       time.Time

	Method      string
	Path        string // raw; without the stage on an execute-api host, with the base path on a custom domain
	ContextPath string // requestContext.path: raw, with the stage or base path
	Host        string // as sent
	SourceIP    string
	ClientCert  *ClientCert // nil without mutual TLS

	Headers []Pair      // as an event shows them, see Headers
	Sent    http.Header // as net/http has them: the values of a name in the order in which they came; nil when they are not known
	Query   []Pair      // decoded, in the order of the URL

	Resource       string // the resource path: /pets/{petId}
	ResourceID     string
	PathParameters []Pair // raw
	MethodARN      string

	// SentAPIKey is what an authorizer learns of the API key, which is then not looked up yet: the x-api-key header
	// (rest-authorizer 3.13). APIKey and APIKeyID are what the integration learns (9.8). "" is absent.
	SentAPIKey       string
	APIKey, APIKeyID string
}

// Header returns the value of a header, the last one when it was sent several times, and whether it was sent. Names are
// compared without case (rest-authorizer 1.5, 1.13).
func (r *Request) Header(name string) (string, bool) {
	// Spelled in several ways, a header stands in several places of an event.
	if values := r.Sent[http.CanonicalHeaderKey(name)]; len(values) > 1 && !generated(http.CanonicalHeaderKey(name)) {
		return values[len(values)-1], true
	}
	for _, h := range slices.Backward(r.Headers) {
		if len(h.Name) == len(name) && strings.EqualFold(h.Name, name) {
			return h.Value, true
		}
	}
	return "", false
}

// HeaderRepeated reports whether a header was sent several times, as far as that is known, and has the last value. One that the
// gateway writes itself has the gateway's.
func (r *Request) HeaderRepeated(name string) bool {
	canonical := http.CanonicalHeaderKey(name)
	return len(r.Sent[canonical]) > 1 && !generated(canonical)
}

// HeaderValues returns all values of a header.
func (r *Request) HeaderValues(name string) []string {
	var values []string
	for _, h := range r.Headers {
		if strings.EqualFold(h.Name, name) {
			values = append(values, h.Value)
		}
	}
	return values
}

// QueryValue returns the value of a query parameter, the last one when there are several. Names are compared with case
// (rest-authorizer 1.6, 1.12).
func (r *Request) QueryValue(name string) (string, bool) {
	for _, q := range slices.Backward(r.Query) {
		if q.Name == name {
			return q.Value, true
		}
	}
	return "", false
}

// QueryRepeated reports whether a query parameter was sent several times.
func (r *Request) QueryRepeated(name string) bool {
	count := 0
	for i := range r.Query {
		if r.Query[i].Name == name {
			count++
		}
	}
	return count > 1
}

// QueryValues returns all values of a query parameter.
func (r *Request) QueryValues(name string) []string {
	var values []string
	for _, q := range r.Query {
		if q.Name == name {
			values = append(values, q.Value)
		}
	}
	return values
}

// DomainName is the Host without its port.
func (r *Request) DomainName() string {
	if strings.HasPrefix(r.Host, "[") { // an IPv6 address
		address, _, _ := strings.Cut(r.Host, "]")
		return address + "]"
	}
	host, _, _ := strings.Cut(r.Host, ":")
	return host
}

// DomainPrefix is the first label of the domain name.
func (r *Request) DomainPrefix() string {
	prefix, _, _ := strings.Cut(r.DomainName(), ".")
	return prefix
}

// Protocol is what events say whatever the client spoke (rest-gateway 2.6).
const Protocol = "HTTP/1.1"

// RequestTime is the time of the request as requestContext.requestTime writes it.
func (r *Request) RequestTime() string {
	t := r.Time.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.Format("02/Jan/2006:15:04:05 -0700")
	}
	// Written by hand, because Format takes three times as long, in every request.
	hour, minute, second := t.Clock()
	text := [...]byte{
		digit(day / 10), digit(day), '/', month.String()[0], month.String()[1], month.String()[2], '/',
		digit(year / 1000), digit(year / 100), digit(year / 10), digit(year),
		':', digit(hour / 10), digit(hour), ':', digit(minute / 10), digit(minute), ':', digit(second / 10), digit(second),
		' ', '+', '0', '0', '0', '0',
	}
	return string(text[:])
}

// digit is the last one of a number.
func digit(n int) byte { return "0123456789"[n%10] }

// ContextVariable returns the value of a context variable that identity sources may name, and whether it has one.
func (r *Request) ContextVariable(name string) (string, bool) {
	switch name {
	case "accountId":
		return r.Stage.AccountID, true
	case "apiId":
		return r.Stage.APIID, true
	case "deploymentId":
		return r.Stage.DeploymentID, true
	case "domainName":
		return r.DomainName(), true
	case "domainPrefix":
		return r.DomainPrefix(), true
	case "extendedRequestId":
		return r.ExtendedID, true
	case "httpMethod":
		return r.Method, true
	case "identity.apiKey":
		return r.SentAPIKey, r.SentAPIKey != ""
	case "identity.clientCert.clientCertPem", "identity.clientCert.subjectDN", "identity.clientCert.issuerDN", "identity.clientCert.serialNumber",
		"identity.clientCert.validity.notBefore", "identity.clientCert.validity.notAfter":
		return r.ClientCert.variable(strings.TrimPrefix(name, "identity.clientCert."))
	case "identity.sourceIp":
		return r.SourceIP, true
	case "identity.userAgent":
		return r.Header("User-Agent")
	case "path":
		return r.ContextPath, true
	case "protocol":
		return Protocol, true
	case "requestId":
		return r.ID, true
	case "requestTime":
		return r.RequestTime(), true
	case "requestTimeEpoch":
		return epochMillis(r.Time), true
	case "resourceId":
		return r.ResourceID, true
	case "resourcePath":
		return r.Resource, true
	case "stage":
		return r.Stage.Name, true
	}
	return "", false
}
