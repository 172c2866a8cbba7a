package gateway

import (
	"context"
	"net/http"
	"strings"

	"gatewayd/emulator/trace"
)

// explainHeader is what no AWS response has: the code of the trace, and its reason.
const explainHeader = "x-gatewayd-explain"

// maxExplanation is the size in bytes of the longest explanation. Clients and proxies limit what a header may have.
const maxExplanation = 256

// ServeExplained answers one request as ServeHTTP does, with a header that says why the answer is as it is.
func (g *Gateway) ServeExplained(w http.ResponseWriter, r *http.Request) {
	explained := &explainedWriter{ResponseWriter: w}
	x := g.begin(explained, r)
	explained.trace = &x.trace
	x.handle(context.WithoutCancel(r.Context()))
	x.drain()
}

// explainedWriter adds the header once it is known what to say.
type explainedWriter struct {
	http.ResponseWriter
	trace *trace.Trace
}

// WriteHeader is called when the trace has its code and reason.
func (w *explainedWriter) WriteHeader(status int) {
	w.Header()[explainHeader] = []string{explanation(w.trace)}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController flush, and set deadlines.
func (w *explainedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// explanation is the code and the reason in one line of ASCII. Secrets are masked.
func explanation(t *trace.Trace) string {
	text := string(t.Code)
	if t.Reason != "" {
		text += ": " + t.Mask(t.Reason)
	}
	text = strings.ReplaceAll(text, "…", "...")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	if len(text) > maxExplanation {
		text = text[:maxExplanation-len("...")] + "..."
	}
	return text
}
