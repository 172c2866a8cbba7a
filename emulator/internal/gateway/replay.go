package gateway

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"gatewayd/emulator/trace"
)

// Replay makes a request again, with the pipeline as it is now, and returns its trace, which says whose repetition it is. It
// is a request like any other: it is recorded, and what it is granted is kept. Nobody receives the response.
func (g *Gateway) Replay(ctx context.Context, sent *trace.Request, body []byte, of string) (trace.Trace, error) {
	u, err := url.ParseRequestURI(sent.Target)
	if err != nil {
		return trace.Trace{}, fmt.Errorf("path %q cannot be sent: %w", sent.Target, err)
	}
	header := sent.Header.Clone()
	// It would give both the same id.
	for _, own := range []string{"X-Amzn-Requestid", "Content-Length", "Transfer-Encoding"} {
		header.Del(own)
	}
	r := (&http.Request{
		Method: sent.Method, URL: u, RequestURI: sent.Target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: sent.Host,
		Header: header, Body: http.NoBody, RemoteAddr: net.JoinHostPort(sent.SourceIP, "0"),
	}).WithContext(ctx)
	if len(body) > 0 {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	x := g.begin(&unread{header: http.Header{}}, r)
	x.names, x.account.sent.Names = sent.Names, sent.Names
	x.trace.ReplayOf = of
	x.handle(context.WithoutCancel(ctx))
	again := x.trace
	x.release()
	return again, nil
}

// unread is the writer of a response that nobody reads.
type unread struct{ header http.Header }

func (u *unread) Header() http.Header         { return u.header }
func (u *unread) Write(p []byte) (int, error) { return len(p), nil }
func (u *unread) WriteHeader(int)             {}
