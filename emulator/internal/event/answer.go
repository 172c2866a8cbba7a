package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/aws/aws-lambda-go/events"
)

// Answer is a proxy integration's answer that was never JSON. It shares nothing with the function that gave it.
type Answer struct {
	status              int
	headers, multiValue []Pair // sorted by name, as JSON has them; nil for null
	body                string
	encoded             bool
	size                int
}

// NewAnswer takes over a function's answer. It reports false where only the JSON of the answer can tell what the client is
// to receive: a malformed answer, one that is large, and one with bytes that are not UTF-8.
func NewAnswer(from *events.APIGatewayProxyResponse) (Answer, bool) {
	b := budget(maxTyped)
	a := Answer{status: from.StatusCode, body: from.Body, encoded: from.IsBase64Encoded}
	if a.status < http.StatusOK || a.status > maxStatus || !b.text(from.Body) {
		return Answer{}, false
	}
	if from.Headers != nil {
		a.headers = make([]Pair, 0, len(from.Headers))
		for name, value := range from.Headers {
			a.headers = append(a.headers, Pair{name, value})
		}
		slices.SortFunc(a.headers, byName)
	}
	if from.MultiValueHeaders != nil {
		a.multiValue = make([]Pair, 0, len(from.MultiValueHeaders))
		for _, name := range slices.Sorted(maps.Keys(from.MultiValueHeaders)) {
			values := from.MultiValueHeaders[name]
			if len(values) == 0 {
				return Answer{}, false // null and [] are not told apart here
			}
			for _, value := range values {
				a.multiValue = append(a.multiValue, Pair{name, value})
			}
		}
	}
	ok := b.pairs(a.headers) && b.pairs(a.multiValue)
	a.size = maxTyped - int(b)
	return a, ok
}

// Response is what [ParseResponse] makes of the answer's JSON.
func (a *Answer) Response(accept string, binary MediaTypes) (Response, error) {
	r := Response{Status: a.status, Body: []byte(a.body), Headers: joinHeaders(slices.Clip(a.multiValue), a.headers)}
	return r.decode(a.encoded, accept, binary)
}

// JSON is the answer as a function encodes it.
func (a *Answer) JSON() []byte {
	r := events.APIGatewayProxyResponse{StatusCode: a.status, Body: a.body, IsBase64Encoded: a.encoded}
	if a.headers != nil {
		r.Headers = orEmpty(single(a.headers))
	}
	if a.multiValue != nil {
		r.MultiValueHeaders = orEmpty(multiple(a.multiValue))
	}
	return ProxyResponse(&r)
}

// Size is how many bytes of text the answer has.
func (a *Answer) Size() int { return a.size }

// ProxyResponse is the JSON that a function encodes its answer to.
func ProxyResponse(r *events.APIGatewayProxyResponse) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		panic(fmt.Sprintf("event: %v", err)) // it is made of text and a number
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
