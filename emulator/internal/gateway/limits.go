package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/wire"
	"gatewayd/emulator/trace"
)

const (
	maxURI     = 10_240 // bytes of a URL at a regional endpoint (rest-gateway 4)
	maxHeaders = 10_240 // bytes of names, values and line ends (rest-gateway 4)
)

// headerLines returns the names of the header lines as the client sent them, and the size of the lines. Where the
// connection has no record of them the size is what they had at least.
func headerLines(r *http.Request) (names []string, size int) {
	if names, size, ok := wire.Headers(r); ok {
		return names, size
	}
	const separators = len(": \r\n")
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value) + separators
		}
	}
	return nil, size
}

// limitHead refuses a URL or a header that is too long.
func (x *exchange) limitHead() *apigw.Error {
	err := &apigw.Error{Type: apigw.RequestTooLarge}
	switch uri := len(x.http.RequestURI); {
	case uri > maxURI:
		err.Status, err.Message, err.Code, err.Confidence = http.StatusRequestURITooLong, "Request URI too long", trace.LimitURI, trace.Inferred
		err.Reason = fmt.Sprintf("the URL has %d bytes; API Gateway takes %d at most", uri, maxURI)
		err.Hint = "send long values in the body"
	case x.headerSize > maxHeaders:
		err.Status, err.Message = http.StatusRequestHeaderFieldsTooLarge, "HTTP header is larger than 10240 bytes."
		err.Code, err.Confidence = trace.LimitHeaders, trace.Reported
		err.Reason = fmt.Sprintf("the request's headers have %d bytes; API Gateway takes %d at most", x.headerSize, maxHeaders)
		err.Hint = "cookies are the commonest cause"
	default:
		return nil
	}
	x.step(trace.Step{Name: "limits", Code: err.Code, Confidence: err.Certainty()})
	return err
}

// maxBody is the size in bytes of the largest request body (rest-gateway 4).
const maxBody = 10 << 20

// limitBody reads the body, which API Gateway takes in whole once the stage is known, before it routes (rest-gateway 0.1).
func (x *exchange) limitBody() *apigw.Error {
	tooLarge := &apigw.Error{
		Type: apigw.RequestTooLarge, Code: trace.LimitBody,
		Reason: fmt.Sprintf("the request's body is over %d bytes", maxBody),
		Hint:   "API Gateway takes 10 MB at most; upload larger files to a store, for example by a presigned URL",
	}
	if x.http.Body == nil || x.http.Body == http.NoBody {
		return nil
	}
	if x.http.ContentLength > maxBody {
		return tooLarge
	}
	start := time.Now()
	body, err := io.ReadAll(io.LimitReader(x.http.Body, maxBody+1))
	switch {
	case err != nil:
		code := trace.ClientGone
		if maxBytes, ok := errors.AsType[*http.MaxBytesError](err); ok {
			code, err = trace.LimitBody, maxBytes
		}
		return &apigw.Error{
			Type: apigw.Default4XX, Status: http.StatusBadRequest, Message: "Bad Request", Code: code, Cause: err,
			Reason: fmt.Sprintf("the request's body ended before it was complete: %v", err),
		}
	case len(body) > maxBody:
		return tooLarge
	}
	x.body = body
	x.step(trace.Step{Name: "body", Duration: time.Since(start)})
	return nil
}

// maxMethodARN is the size in bytes of the longest method ARN that is authorized (rest-authorizer 4.11).
const maxMethodARN = 1600

func (x *exchange) limitMethodARN() *apigw.Error {
	if len(x.request.MethodARN) <= maxMethodARN {
		return nil
	}
	err := &apigw.Error{
		Type: apigw.RequestTooLarge, Status: http.StatusRequestURITooLong, Message: "Request URI too long",
		Code: trace.LimitMethodARN, Confidence: trace.Documented,
		Reason: fmt.Sprintf("the method ARN has %d bytes; API Gateway authorizes %d at most", len(x.request.MethodARN), maxMethodARN),
		Hint:   "shorten the path; the query does not count",
	}
	x.step(trace.Step{Name: "limits", Code: err.Code, Confidence: err.Certainty()})
	return err
}
