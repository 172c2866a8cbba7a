package gateway

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/event"
)

// response is what goes to the client, but for the headers that every response has.
type response struct {
	status  int
	headers []event.Pair
	body    []byte
	traceID string // of X-Amzn-Trace-Id; "" sends none
	refused bool   // by the gateway, not answered by a function

	// Of a refusal:

	responseType apigw.ResponseType
	fixed        bool // no gateway response changes it
}

// gatewayResponse is the response to a request that the pipeline stopped.
func gatewayResponse(r apigw.Response) response {
	out := response{status: r.Status, headers: []event.Pair{{Name: "Content-Type", Value: r.ContentType}}, body: r.Body, refused: true}
	if r.ErrorType != "" {
		out.headers = append(out.headers, event.Pair{Name: "x-amzn-ErrorType", Value: r.ErrorType})
	}
	if r.TraceHeader {
		out.traceID = traceRoot
	}
	return out
}

// traceRoot stands for the Root alone of the request's trace.
const traceRoot = "Root"

// proxyResponse is the response that a function gave.
func (x *exchange) proxyResponse(answered event.Response) response {
	out := response{status: answered.Status, body: answered.Body, traceID: x.sampledTrace()}
	typed := false
	out.headers = x.scratch[:0]
	for _, h := range answered.Headers {
		name := http.CanonicalHeaderKey(h.Name)
		switch {
		case !validName(h.Name) || name == "Transfer-Encoding" || gatewayHeader(name):
			continue
		case remapped(name):
			h.Name = "x-amzn-Remapped-" + h.Name
		case name == "Content-Type":
			if typed {
				continue // a message has one
			}
			// net/http looks for this spelling, and would add a type of its own without it.
			typed, h.Name = true, name
		}
		h.Value = validValue(h.Value)
		out.headers = append(out.headers, h)
	}
	if !typed {
		out.headers = append(out.headers, event.Pair{Name: "Content-Type", Value: "application/json"})
	}
	return out
}

// remapped are the headers that a function cannot set: the client gets them as x-amzn-Remapped-NAME (rest-gateway 3.4).
func remapped(canonical string) bool {
	switch canonical {
	case "Authorization", "Connection", "Content-Length", "Content-Md5", "Date", "Expect", "Host", "Max-Forwards",
		"Proxy-Authenticate", "Server", "Trailer", "Upgrade", "User-Agent", "Www-Authenticate", "X-Amzn-Requestid":
		return true
	}
	return false
}

// gatewayHeader are the headers that the gateway writes itself whatever a function says.
func gatewayHeader(canonical string) bool {
	return canonical == "X-Amz-Apigw-Id" || canonical == "X-Amzn-Trace-Id"
}

// validName reports whether a header can be sent under this name: it is a token of RFC 9110, which leaves no room for
// net/http's own prefix for trailers.
func validName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}) < 0
}

// validValue replaces what would end the header or confuse its reader.
func validValue(value string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return ' '
		}
		return r
	}, value)
}

// sampledTrace is the trace of a request whose integration answered: the client's whole one, or what the client sent with a
// Parent of ours, not sampled unless the client said so (rest-gateway 3.3).
func (x *exchange) sampledTrace() string {
	if strings.Contains(x.request.TraceID, "Parent=") {
		return x.request.TraceID
	}
	root, sampled, said := strings.Cut(x.request.TraceID, ";Sampled=")
	if !said {
		sampled = "0"
	}
	var parent [16]byte
	return root + ";Parent=" + string(x.ids.parent(&parent)) + ";Sampled=" + sampled
}

// write sends the response with API Gateway's header names in API Gateway's spelling, which net/http keeps on HTTP/1.1.
func (x *exchange) write(r response) error {
	w, header := x.writer, x.writer.Header()
	values := make(headerValues, 0, len(r.headers)+5) // and those below
	for _, h := range r.headers {
		if before := header[h.Name]; before != nil {
			header[h.Name] = append(before, h.Value)
			continue
		}
		header[h.Name] = values.one(h.Value)
	}
	header["x-amzn-RequestId"] = values.one(x.request.ID)
	header["x-amz-apigw-id"] = values.one(x.request.ExtendedID)
	switch r.traceID {
	case "":
	case traceRoot:
		root, _, _ := strings.Cut(x.request.TraceID, ";")
		header["X-Amzn-Trace-Id"] = values.one(root)
	default:
		header["X-Amzn-Trace-Id"] = values.one(r.traceID)
	}
	if x.http.ProtoMajor == 1 {
		header["Connection"] = values.one(x.connection())
	}
	head := x.http.Method == http.MethodHead
	switch {
	case r.status == http.StatusNoContent || r.status == http.StatusNotModified:
		w.WriteHeader(r.status)
		return nil
	case head && r.refused:
		header["Content-Length"] = values.one("0") // rest-gateway 14 G15
	default:
		header["Content-Length"] = values.one(strconv.Itoa(len(r.body)))
	}
	w.WriteHeader(r.status)
	if head {
		return nil
	}
	_, err := w.Write(r.body)
	return err
}

// headerValues are the values of a header's first lines, in one piece of memory.
type headerValues []string

// one is a list of one value, which cannot grow into the next.
func (v *headerValues) one(value string) []string {
	*v = append(*v, value)
	end := len(*v)
	return (*v)[end-1 : end : end]
}

const (
	drainBytes = 64 << 20
	drainTime  = 2 * time.Second
)

// drain takes in the rest of a body that was refused: a client that sends all of it before it reads would find its connection
// reset, and lose the answer.
func (x *exchange) drain() {
	if x.body != nil || x.http.ContentLength == 0 || x.http.Body == nil {
		return
	}
	control := http.NewResponseController(x.writer)
	// What is no connection has no deadline, and needs none. It comes first because net/http, too, reads on before it answers
	// a request whose connection could be kept.
	_ = control.SetReadDeadline(time.Now().Add(drainTime))
	if x.http.Header.Get("Expect") != "" || control.Flush() != nil {
		return
	}
	// That the client stops sending is what this waits for.
	_, _ = io.CopyN(io.Discard, x.http.Body, drainBytes)
}

// connection keeps a connection open unless the client wants it closed, may have sent more than was read or left open where its
// body ends, or the goroutine that serves it is with a function whose time is up.
func (x *exchange) connection() string {
	if x.http.Close || x.http.ContentLength > maxBody || x.lost || x.ambiguous() {
		return "close"
	}
	return "keep-alive"
}
