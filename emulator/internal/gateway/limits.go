package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
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
	uri := len(x.http.RequestURI)
	if uri <= maxURI && x.headerSize <= maxHeaders {
		return nil
	}
	err := &apigw.Error{Type: apigw.RequestTooLarge}
	switch {
	case uri > maxURI:
		err.Status, err.Message, err.Code, err.Confidence = http.StatusRequestURITooLong, "Request URI too long", trace.LimitURI, trace.Inferred
		err.Reason = fmt.Sprintf("the URL has %d bytes; API Gateway takes %d at most", uri, maxURI)
		err.Hint = "send long values in the body"
	default:
		err.Status, err.Message = http.StatusRequestHeaderFieldsTooLarge, "HTTP header is larger than 10240 bytes."
		err.Code, err.Confidence = trace.LimitHeaders, trace.Reported
		err.Reason = fmt.Sprintf("the request's headers have %d bytes; API Gateway takes %d at most", x.headerSize, maxHeaders)
		err.Hint = "cookies are the commonest cause"
	}
	x.step(trace.Step{Name: "limits", Code: err.Code, Confidence: err.Certainty()})
	return err
}

// maxBody is the size in bytes of the largest request body (rest-gateway 4).
const maxBody = 10 << 20

// A client that takes longer than pieceTime for pieceBytes of its body, or for what is left of it, is cut off. How patient
// API Gateway is, AWS does not say.
const (
	pieceTime  = 30 * time.Second
	pieceBytes = 64 << 10
)

// limitBody reads the body, which API Gateway takes in whole once the stage is known, before it routes (rest-gateway 0.1).
func (x *exchange) limitBody() *apigw.Error {
	if x.http.Body == nil || x.http.Body == http.NoBody {
		return nil
	}
	if x.http.ContentLength > maxBody {
		return x.bodyTooLarge()
	}
	body, err := x.readBody()
	if err == nil && len(body) <= maxBody {
		x.body = body
		x.account.sent.KeepBody(body)
		x.step(trace.Step{Name: "body"})
		return nil
	}
	// Nothing can follow half a body on its connection (RFC 9112 9.3). The request itself is the caller's: this is a copy.
	last := *x.http
	last.Close = true
	x.http = &last
	if err == nil {
		return x.bodyTooLarge()
	}
	return x.bodyIncomplete(err)
}

// readBody reads the body, of one that is too long more than maxBody.
func (x *exchange) readBody() ([]byte, error) {
	control := http.NewResponseController(x.writer)
	body := &bytes.Buffer{}
	body.Grow(int(max(0, min(x.http.ContentLength, pieceBytes))) + bytes.MinRead)
	for body.Len() <= maxBody {
		// What is no connection has no deadline, and needs none. Behind the body net/http takes it back.
		_ = control.SetReadDeadline(time.Now().Add(pieceTime))
		if _, err := io.CopyN(body, x.http.Body, pieceBytes); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
	}
	return body.Bytes(), nil
}

func (x *exchange) bodyIncomplete(err error) *apigw.Error {
	refusal := &apigw.Error{
		Type: apigw.Default4XX, Status: http.StatusBadRequest, ErrorType: "BadRequestException", Message: "Bad Request",
		Code: trace.ClientGone, Confidence: trace.Inferred, Cause: err,
		Reason: fmt.Sprintf("the request's body ended before it was complete: %v", err),
	}
	if maxBytes, ok := errors.AsType[*http.MaxBytesError](err); ok {
		refusal.Code, refusal.Cause = trace.LimitBody, maxBytes
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		refusal.Status, refusal.Message = http.StatusRequestTimeout, "Request Timeout" // RFC 9110 15.5.9
		refusal.Reason = fmt.Sprintf("the client sent less than %d bytes of its request's body in %v, and not the end of it", pieceBytes, pieceTime)
	}
	x.step(trace.Step{Name: "body", Code: refusal.Code, Confidence: refusal.Certainty()})
	return refusal
}

// ambiguous reports whether another server could see the body end elsewhere: it has a transfer coding beside a length, or in
// HTTP/1.0, which knows none. No further request of that connection is to be trusted (RFC 9112 6.1).
func (x *exchange) ambiguous() bool {
	const length, coding = "Content-Length", "Transfer-Encoding"
	hasLength, hasCoding := false, false
	for _, name := range x.names {
		switch len(name) {
		case len(length):
			hasLength = hasLength || strings.EqualFold(name, length)
		case len(coding):
			hasCoding = hasCoding || strings.EqualFold(name, coding)
		}
	}
	return hasCoding && (hasLength || !x.http.ProtoAtLeast(1, 1))
}

func (x *exchange) bodyTooLarge() *apigw.Error {
	err := &apigw.Error{
		Type: apigw.RequestTooLarge, Code: trace.LimitBody,
		Reason: fmt.Sprintf("the request's body is over %d bytes", maxBody),
		Hint:   "API Gateway takes 10 MB at most; upload larger files to a store, for example by a presigned URL",
	}
	x.step(trace.Step{Name: "limits", Code: err.Code, Confidence: err.Certainty()})
	return err
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
