package event

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Response is what a function answered, as the client is to receive it.
type Response struct {
	Status  int // 200 when the function said none
	Headers []Pair
	Body    []byte
}

// ErrBase64 is a body that says it is base64, must be decoded for the client's Accept header, and is not base64: AWS
// answers 500 (rest-gateway 3.6). It is the only malformed answer that is not a 502.
var ErrBase64 = errors.New("isBase64Encoded is true but the body is not base64")

// ParseResponse reads the answer of a Lambda proxy integration. It is a JSON object whose only keys are statusCode, headers,
// multiValueHeaders, body and isBase64Encoded, each optional; anything else is an error, which AWS calls a malformed Lambda
// proxy response (rest-gateway 3.1). The body is decoded if it is base64 and the first media type that the client accepts
// is one of the API's binary media types.
func ParseResponse(answer []byte, accept string, binary MediaTypes) (Response, error) {
	fields, err := Object(answer)
	if err != nil {
		return Response{}, err
	}
	r := Response{Status: 200}
	var headers, multiValue []Pair
	var encoded bool
	for _, f := range fields {
		switch f.Name {
		case "statusCode":
			r.Status, err = statusCode(f.Value)
		case "headers":
			headers, err = headerPairs(f.Value)
		case "multiValueHeaders":
			multiValue, err = multiValueHeaderPairs(f.Value)
		case "body":
			r.Body, err = bodyText(f.Value)
		case "isBase64Encoded":
			encoded, err = flag(f.Value)
		default:
			err = fmt.Errorf("key %q is none of statusCode, headers, multiValueHeaders, body and isBase64Encoded%s", f.Name, otherPayload(f.Name))
		}
		if err != nil {
			return Response{}, err
		}
	}
	r.Headers = joinHeaders(multiValue, headers)
	return r.decode(encoded, accept, binary)
}

// decode gives a body that is base64 as the bytes that it stands for, to a client that accepts a binary media type.
func (r Response) decode(encoded bool, accept string, binary MediaTypes) (Response, error) {
	if !encoded || !binary.MatchAccept(accept) {
		return r, nil
	}
	body, err := base64.StdEncoding.DecodeString(string(r.Body))
	if err != nil {
		return Response{}, fmt.Errorf("%w: %w", ErrBase64, err)
	}
	r.Body = body
	return r, nil
}

// otherPayload names where a key that does not belong here comes from.
func otherPayload(key string) string {
	switch key {
	case "cookies":
		return " (cookies belong to HTTP APIs; use multiValueHeaders with Set-Cookie)"
	case "base64Encoded":
		return " (SAM CLI takes it; AWS does not)"
	case "errorMessage", "errorType":
		return " (an error object returned as an answer)"
	}
	return ""
}

// maxStatus is the last status that can be written on the wire.
const maxStatus = 599

// statusCode takes a whole number or its text; what cannot be written on the wire is malformed (rest-gateway 3.1).
func statusCode(value json.RawMessage) (int, error) {
	if IsNull(value) {
		return 200, nil
	}
	text, ok := Scalar(value)
	code, err := strconv.Atoi(strings.TrimSuffix(text, ".0"))
	if !ok || err != nil || strings.HasPrefix(text, "+") {
		return 0, fmt.Errorf("statusCode %s is not a number", value)
	}
	if code < http.StatusOK || code > maxStatus { // 1xx is never a final answer
		return 0, fmt.Errorf("statusCode %d is outside 200 to 599", code)
	}
	return code, nil
}

func headerPairs(value json.RawMessage) ([]Pair, error) {
	if IsNull(value) {
		return nil, nil
	}
	fields, err := Object(value)
	if err != nil {
		return nil, fmt.Errorf("headers is %s, not an object", Describe(value))
	}
	var pairs []Pair
	for _, f := range fields {
		if IsNull(f.Value) {
			continue
		}
		text, ok := Scalar(f.Value)
		if !ok {
			return nil, fmt.Errorf("header %q is %s, not text", f.Name, Describe(f.Value))
		}
		pairs = append(pairs, Pair{f.Name, text})
	}
	return pairs, nil
}

func multiValueHeaderPairs(value json.RawMessage) ([]Pair, error) {
	if IsNull(value) {
		return nil, nil
	}
	fields, err := Object(value)
	if err != nil {
		return nil, fmt.Errorf("multiValueHeaders is %s, not an object", Describe(value))
	}
	var pairs []Pair
	for _, f := range fields {
		var list []json.RawMessage
		if IsNull(f.Value) {
			continue
		}
		if err := json.Unmarshal(f.Value, &list); err != nil {
			return nil, fmt.Errorf("multiValueHeaders %q is %s, not a list", f.Name, Describe(f.Value))
		}
		for _, item := range list {
			text, ok := Scalar(item)
			if !ok {
				return nil, fmt.Errorf("multiValueHeaders %q holds %s, not text", f.Name, Describe(item))
			}
			pairs = append(pairs, Pair{f.Name, text})
		}
	}
	return pairs, nil
}

// joinHeaders puts the multi-value headers first; a name and value that stand in both are sent once. Each value becomes
// a line of its own: joining would break cookies. A header in both has the spelling of the multi-value one, so that its lines
// stay in this order (rest-gateway 3.1).
func joinHeaders(multiValue, headers []Pair) []Pair {
	if len(multiValue) == 0 {
		return headers
	}
	joined := multiValue
	for _, h := range headers {
		again := false
		for _, m := range multiValue {
			if strings.EqualFold(m.Name, h.Name) {
				h.Name = m.Name
				again = again || m.Value == h.Value
			}
		}
		if !again {
			joined = append(joined, h)
		}
	}
	return joined
}

func bodyText(value json.RawMessage) ([]byte, error) {
	if IsNull(value) {
		return nil, nil
	}
	text, ok := Scalar(value)
	if !ok {
		return nil, fmt.Errorf("body is %s; it must be text, so encode it as JSON first", Describe(value))
	}
	return []byte(text), nil
}

func flag(value json.RawMessage) (bool, error) {
	if IsNull(value) {
		return false, nil
	}
	text, _ := Scalar(value)
	on, err := strconv.ParseBool(text)
	if err != nil || (text != "true" && text != "false") {
		return false, fmt.Errorf("isBase64Encoded %s is not a boolean", value)
	}
	return on, nil
}
