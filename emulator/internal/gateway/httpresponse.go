package gateway

import (
	"encoding/base64"
	"maps"
	"slices"
	"unicode/utf8"

	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/trace"
)

// response is the endpoint's response as the client receives it: its status, its headers but for some, of which some have
// another name (rest-gateway 3.4), and its body. How sure it is that AWS would answer so depends on the body.
func (p *httpProxy) response(x *exchange, answer *endpointAnswer) (response, trace.Confidence) {
	answered := event.Response{Status: answer.status, Headers: make([]event.Pair, 0, len(answer.header)+1)}
	traced := ""
	for _, name := range slices.Sorted(maps.Keys(answer.header)) {
		switch name {
		case "Keep-Alive", "Proxy-Connection", "Via":
			continue
		case "X-Amzn-Trace-Id":
			traced = answer.header[name][0]
			continue
		}
		for _, value := range answer.header[name] {
			answered.Headers = append(answered.Headers, event.Pair{Name: spelled(name), Value: value})
		}
	}
	var confidence trace.Confidence
	answered.Body, confidence = p.responseBody(x, answer.header.Get("Content-Type"), answer.body)
	out := x.proxyResponse(answered)
	out.traceID = traced // the endpoint's own, if it has one (rest-gateway 13 A18, A23)
	return out, confidence
}

// responseBody is the body after conversion: of a binary media type it is bytes to a client that accepts such a type, else
// base64; any other is text.
func (p *httpProxy) responseBody(x *exchange, contentType string, body []byte) ([]byte, trace.Confidence) {
	switch {
	case !p.binary.MatchContentType(contentType):
		if utf8.Valid(body) {
			return body, trace.Recorded
		}
		return validText(body), trace.Documented
	case p.binary.MatchAccept(accept(x.request)):
		return body, trace.Documented
	default:
		return []byte(base64.StdEncoding.EncodeToString(body)), trace.Documented
	}
}

// validText replaces each byte that is not UTF-8.
func validText(body []byte) []byte {
	if utf8.Valid(body) {
		return body
	}
	return []byte(string([]rune(string(body))))
}

// spelled is a header's name as AWS and most servers write it where Go writes another.
func spelled(canonical string) string {
	switch canonical {
	case "Content-Md5":
		return "Content-MD5"
	case "Etag":
		return "ETag"
	case "Www-Authenticate":
		return "WWW-Authenticate"
	case "X-Amzn-Requestid":
		return "x-amzn-RequestId"
	case "X-Amzn-Errortype":
		return "x-amzn-ErrorType"
	}
	return canonical
}
