package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/internal/mapping"
	"gatewayd/emulator/trace"
)

// Backends call the endpoints of HTTP_PROXY integrations. They must neither follow redirects nor ask for compression.
type Backends struct {
	Verified http.RoundTripper // the endpoint's certificate is checked
	Insecure http.RoundTripper // any certificate will do
}

// maxBackendBody is the size in bytes of the largest body that an endpoint may answer: what is larger API Gateway calls a
// configuration error, reported with this number.
const maxBackendBody = 10_485_760

// httpProxy is an HTTP_PROXY integration (rest-gateway 9).
type httpProxy struct {
	endpoint  string // as a person knows it
	method    string // "" is the client's
	uri       apigw.URITemplate
	mapped    []mappedParameter
	apiID     string
	binary    event.MediaTypes
	timeout   time.Duration
	transport http.RoundTripper
}

// mappedParameter is what the request to the endpoint has besides the client's.
type mappedParameter struct {
	to   apigw.ParameterKind
	name string
	from mapping.Expression
}

func (g *Gateway) httpProxy(api *apigw.API, r *apigw.Route) (*httpProxy, error) {
	uri, _ := api.ExpandStageVariables(r.HTTP.URI) // none is missing: see apigw.API.Misconfigured
	parsed, err := apigw.ParseURI(uri)
	if err != nil {
		return nil, err
	}
	p := &httpProxy{
		endpoint: uri, method: r.HTTP.Method, uri: parsed, apiID: api.ID, binary: api.BinaryMediaTypes,
		timeout: api.IntegrationTimeout, transport: g.options.Backends.Verified,
	}
	for _, m := range r.HTTP.Parameters {
		from, err := mapping.ParseExpression(m.From)
		if err != nil {
			return nil, fmt.Errorf("requestParameters: %w", err)
		}
		p.mapped = append(p.mapped, mappedParameter{to: m.To, name: m.Name, from: from})
	}
	if p.method == apigw.AnyMethod {
		p.method = ""
	}
	if r.HTTP.Timeout > 0 {
		p.timeout = r.HTTP.Timeout
	}
	if r.HTTP.Insecure {
		p.transport = g.options.Backends.Insecure
	}
	return p, nil
}

// String names the endpoint.
func (p *httpProxy) String() string { return "endpoint " + p.endpoint }

// integrate asks the endpoint and ends the exchange with its response.
func (p *httpProxy) integrate(ctx context.Context, x *exchange, granted grant) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	answered, refusal := p.exchange(ctx, x, granted)
	response := answered
	if refusal != nil {
		response = x.refuse(refusal)
	}
	x.end(response)
}

// exchange asks the endpoint and tells of it in the trace.
func (p *httpProxy) exchange(ctx context.Context, x *exchange, granted grant) (out response, refusal *apigw.Error) {
	defer fault(&refusal)
	request, err := p.request(ctx, x)
	var answer endpointAnswer
	if err == nil {
		answer, err = p.call(request)
	}
	x.noteEndpoint(answer.status, err)
	step := trace.Step{Name: "integration", Code: trace.IntegrationOK, Source: granted.route.source}
	var received trace.Document
	if err == nil {
		received = receivedMessage(&answer)
		out, step.Confidence = p.response(x, &answer)
	} else {
		refusal = p.failure(ctx, err)
		step.Code, step.Confidence = refusal.Code, refusal.Certainty()
	}
	step.Detail = trace.NewEndpointDetail(p.endpoint, sentMessage(request, x.body), received, err)
	x.step(step)
	if refusal != nil {
		return response{}, refusal
	}
	x.trace.Code, x.trace.Reason = trace.IntegrationOK, fmt.Sprintf("%s answered %d", p, out.status)
	return out, nil
}

// Errors of an endpoint's answer, beside those of the transport.
var (
	errBackendBody   = errors.New("the endpoint's body is too large")
	errBackendStatus = errors.New("the endpoint's status cannot be passed on")
)

// endpointAnswer is what an endpoint answered.
type endpointAnswer struct {
	status int
	header http.Header
	body   []byte
}

// call sends the request once: no redirect is followed. It takes the body in whole, for its size and its end decide.
func (p *httpProxy) call(request *http.Request) (endpointAnswer, error) {
	answer, err := p.transport.RoundTrip(request)
	if err != nil {
		return endpointAnswer{}, err
	}
	defer answer.Body.Close()
	const last = 599
	if answer.StatusCode < http.StatusOK || answer.StatusCode > last {
		return endpointAnswer{}, fmt.Errorf("%w: %d", errBackendStatus, answer.StatusCode)
	}
	if answer.ContentLength > maxBackendBody {
		return endpointAnswer{}, fmt.Errorf("%w: it says %d bytes", errBackendBody, answer.ContentLength)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBackendBody+1))
	if err != nil {
		return endpointAnswer{}, err
	}
	if len(body) > maxBackendBody {
		return endpointAnswer{}, errBackendBody
	}
	if answer.Close {
		answer.Header.Set("Connection", "close") // which net/http has taken
	}
	return endpointAnswer{answer.StatusCode, answer.Header, body}, nil
}

// failure is the gateway response for an endpoint that gave no answer (rest-gateway 4).
func (p *httpProxy) failure(ctx context.Context, err error) *apigw.Error {
	refusal := &apigw.Error{Type: apigw.APIConfigurationError, Code: trace.IntegrationError, Confidence: trace.Reported, Cause: err}
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, isHost := errors.AsType[x509.HostnameError](err)
	dns, isName := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil:
		refusal.Type, refusal.Code, refusal.Confidence = apigw.IntegrationTimeout, trace.IntegrationTimeout, trace.Recorded
		refusal.Reason = fmt.Sprintf("%s did not answer within %v", p, p.timeout)
		refusal.Hint = "API Gateway waits 29 s at most (timeoutInMillis); make the endpoint answer sooner"
	case errors.Is(err, errBackendBody):
		refusal.Reason = fmt.Sprintf("%s answered more than the %d bytes that API Gateway passes on: %v", p, maxBackendBody, err)
		refusal.Hint = "answer in pieces, or with the URL of a store"
	case errors.Is(err, errBackendStatus):
		refusal.Confidence = trace.Inferred
		refusal.Reason = fmt.Sprintf("%s: %v", p, err)
		refusal.Hint = "answer with a status from 200 to 599"
	case isCertificate || isHost:
		refusal.Reason = fmt.Sprintf("the certificate of %s is not accepted: %v", p, err)
		refusal.Hint = "for a certificate of your own, say tlsConfig: { insecureSkipVerification: true } beside the uri; it must still name the host"
	case isName && dns.IsNotFound:
		refusal.Code = trace.IntegrationUnreachable
		refusal.Reason = fmt.Sprintf("%s has a host that nobody knows: %v", p, err)
		refusal.Hint = "check the host of the integration's uri"
	default:
		refusal.Type, refusal.Code, refusal.Confidence = apigw.IntegrationFailure, trace.IntegrationUnreachable, trace.Recorded
		refusal.Status, refusal.Message = http.StatusGatewayTimeout, "Network error communicating with endpoint"
		refusal.Reason = fmt.Sprintf("%s could not be reached: %v", p, err)
		refusal.Hint = "check that the endpoint is running and that the uri is right; inside a container, 127.0.0.1 is the container itself"
	}
	return refusal
}
