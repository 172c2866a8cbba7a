package gateway

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"

	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/trace"
)

// httpMessage is a request to an endpoint, or its response, as a trace shows it.
type httpMessage struct {
	method string   // of a request
	url    *url.URL // of a request
	status int      // of a response
	header http.Header
	body   []byte // no more than a trace keeps
}

const keptBody = 64 << 10

// excerpt is what a trace keeps of a body. It is a copy: what is read has room for more, which would be kept as well.
func excerpt(body []byte) []byte { return bytes.Clone(body[:min(len(body), keptBody)]) }

// sentMessage is the request. Without one, there is none to show.
func sentMessage(request *http.Request, body []byte) trace.Document {
	if request == nil {
		return nil
	}
	return &httpMessage{method: request.Method, url: request.URL, header: request.Header, body: excerpt(body)}
}

func receivedMessage(answer *endpointAnswer) trace.Document {
	return &httpMessage{status: answer.status, header: answer.header, body: excerpt(answer.body)}
}

// JSON writes the message. The query stands beside the URL, so that what is secret of it is masked.
func (m *httpMessage) JSON() []byte {
	out := struct {
		Method  string              `json:"method,omitempty"`
		URL     string              `json:"url,omitempty"`
		Query   map[string][]string `json:"queryStringParameters,omitempty"`
		Status  int                 `json:"statusCode,omitempty"`
		Headers http.Header         `json:"headers"`
		Body    string              `json:"body,omitempty"`
	}{Method: m.method, Status: m.status, Headers: m.header, Body: string(m.body)}
	if m.url != nil {
		bare := *m.url
		bare.RawQuery = ""
		out.URL = bare.String()
		for _, q := range event.ParseQuery(m.url.RawQuery) {
			if out.Query == nil {
				out.Query = map[string][]string{}
			}
			out.Query[q.Name] = append(out.Query[q.Name], q.Value)
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil // of texts and a number only
	}
	return text
}

// Size is that of what is kept.
func (m *httpMessage) Size() int {
	const line = 64
	size := len(m.body) + line + line*len(m.header)
	if m.url != nil {
		size += len(m.url.RawQuery)
	}
	return size
}
