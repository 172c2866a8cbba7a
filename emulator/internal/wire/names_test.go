package wire_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/wire"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("a", 60_000)
	tests := []struct {
		name string
		sent string
		want []record
	}{
		{
			name: "names as sent",
			sent: "GET / HTTP/1.1\r\nhost: x\r\nX-aMz-ID: 1\r\nx-amz-id: 2\r\n\r\n",
			want: []record{{Target: "/", Names: []string{"host", "X-aMz-ID", "x-amz-id"}, Size: 9 + 13 + 13, OK: true}},
		},
		{
			name: "names that net/http takes out of the map or puts in",
			sent: "POST / HTTP/1.1\r\nHOST: x\r\nTRAILER: a\r\nTRANSFER-encoding: chunked\r\npragma: no-cache\r\n\r\n0\r\n\r\n",
			want: []record{{Target: "/", Names: []string{"HOST", "TRAILER", "TRANSFER-encoding", "pragma"}, Size: 9 + 12 + 28 + 18, OK: true}},
		},
		{
			name: "folded values",
			sent: "GET / HTTP/1.1\r\nhost: x\r\nfolded: a\r\n b: c\r\n\td: e\r\nlast: f\r\n\r\n",
			want: []record{{Target: "/", Names: []string{"host", "folded", "last"}, Size: 9 + 11 + 7 + 7 + 9, OK: true}},
		},
		{
			name: "line feeds alone",
			sent: "GET / HTTP/1.1\nhost: x\na:b\n \nc:d\n\nGET /2 HTTP/1.1\r\nHost: x\r\n\nGET /3 HTTP/1.1\nHOST: x\n\r\n",
			want: []record{
				{Target: "/", Names: []string{"host", "a", "c"}, Size: 8 + 4 + 2 + 4, OK: true},
				{Target: "/2", Names: []string{"Host"}, Size: 9, OK: true},
				{Target: "/3", Names: []string{"HOST"}, Size: 8, OK: true},
			},
		},
		{
			name: "no headers",
			sent: "GET / HTTP/1.0\r\n\r\n",
			want: []record{{Target: "/", Names: []string{}, OK: true}},
		},
		{
			name: "empty lines after a POST",
			sent: "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc\r\n\r\nGET /2 HTTP/1.1\r\nHOST: x\r\n\r\n",
			want: []record{
				{Target: "/", Names: []string{"host", "content-length"}, Size: 9 + 19, OK: true, Body: "abc"},
				{Target: "/2", Names: []string{"HOST"}, Size: 9, OK: true},
			},
		},
		{
			name: "line ends of all kinds after a POST",
			sent: "POST / HTTP/1.1\r\nhost: x\r\n\r\n\r\r\nGET /2 HTTP/1.1\r\nHOST: x\r\n\r\n",
			want: []record{
				{Target: "/", Names: []string{"host"}, Size: 9, OK: true},
				{Target: "/2", Names: []string{"HOST"}, Size: 9, OK: true},
			},
		},
		{
			name: "odd targets",
			sent: "OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\nGET http://y/%C3%A9?a=%zz HTTP/1.1\r\nHost: x\r\n\r\nCONNECT y:443 HTTP/1.1\r\nHOST: x\r\n\r\n",
			want: []record{
				{Target: "*", Names: []string{"host"}, Size: 9, OK: true},
				{Target: "http://y/%C3%A9?a=%zz", Names: []string{"Host"}, Size: 9, OK: true},
				{Target: "y:443", Names: []string{"HOST"}, Size: 9, OK: true},
			},
		},
		{
			name: "a length beside chunks, which beat it",
			sent: "POST / HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: 3\r\ntransfer-encoding: chunked\r\n\r\n0A;ext=5\r\n0123456789\r\n" +
				"0;last\r\na: b\r\nc: d\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\n\r\n",
			want: []record{
				{Target: "/", Names: []string{"Host", "content-LENGTH", "transfer-encoding"}, Size: 9 + 19 + 28, OK: true, Body: "0123456789"},
				{Target: "/2", Names: []string{"host"}, Size: 9, OK: true},
			},
		},
		{
			name: "a body that looks like a request",
			sent: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 31\r\n\r\nGET /2 HTTP/1.1\r\nevil: header\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\n\r\n",
			want: []record{
				{Target: "/", Names: []string{"Host", "Content-Length"}, Size: 9 + 20, OK: true, Body: "GET /2 HTTP/1.1\r\nevil: header\r\n"},
				{Target: "/2", Names: []string{"host"}, Size: 9, OK: true},
			},
		},
		{
			name: "a body that looks like the headers before",
			sent: "GET / HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n\r\nHost: x\r\n\r\n",
			want: []record{
				{Target: "/", Names: []string{"Host"}, Size: 9, OK: true},
				{Target: "/2", Names: []string{"host", "content-length"}, Size: 9 + 20, OK: true, Body: "Host: x\r\n\r\n"},
			},
		},
		{
			name: "more than is kept for the next request",
			sent: strings.Repeat("GET / HTTP/1.1\r\nhost: x\r\nbig: "+large+"\r\n\r\n", 2) + "GET / HTTP/1.1\r\nHOST: x\r\n\r\n",
			want: []record{
				{Target: "/", Names: []string{"host", "big"}, Size: 9 + 7 + len(large), OK: true},
				{Target: "/", Names: []string{"host", "big"}, Size: 9 + 7 + len(large), OK: true},
				{Target: "/", Names: []string{"HOST"}, Size: 9, OK: true},
			},
		},
		{
			name: "the preface of HTTP/2",
			sent: "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
			want: []record{{Target: "*"}},
		},
		{
			name: "what looks like it",
			sent: "PRI * HTTP/2.0\n\n",
			want: []record{{Target: "*"}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, pieces := range [][]string{{test.sent}, strings.Split(test.sent, "")} {
				handler, records := recordAll(t)
				play(t, handler, wire.Options{}, pieces...)
				if diff := cmp.Diff(test.want, *records); diff != "" {
					t.Errorf("in %d pieces (-want +got):\n%s", len(pieces), diff)
				}
			}
		})
	}
}

// Whatever a handler does wrong, it gets no names rather than wrong ones.
func TestHeadersUnrecorded(t *testing.T) {
	t.Parallel()
	const (
		get  = "GET / HTTP/1.1\r\nhost: x\r\n\r\n"
		same = "GET / HTTP/1.1\r\nHost: x\r\nother: y\r\n\r\n"
	)
	var ok []bool
	headers := func(r *http.Request) {
		names, size, found := wire.Headers(r)
		if !found && (names != nil || size != 0) {
			t.Errorf("%q of %d bytes, but not ok", names, size)
		}
		ok = append(ok, found)
	}
	first := true // of the requests of a connection
	changed := func(change func(*http.Request)) http.HandlerFunc {
		return func(_ http.ResponseWriter, r *http.Request) {
			if first {
				change(r)
			}
			first = false
			headers(r)
		}
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		sent    []string
		want    []bool
	}{
		{
			name: "a second time",
			handler: func(_ http.ResponseWriter, r *http.Request) {
				headers(r)
				headers(r)
			},
			sent: []string{get, get},
			want: []bool{true, false, true, false},
		},
		{
			name: "a request was answered without it",
			handler: func(_ http.ResponseWriter, r *http.Request) {
				if !first {
					headers(r)
				}
				first = false
			},
			sent: []string{get + same, get},
			want: []bool{false, false},
		},
		{
			name:    "the method was changed before",
			handler: changed(func(r *http.Request) { r.Method = http.MethodPut }),
			sent:    []string{get + get},
			want:    []bool{false, false},
		},
		{
			name:    "the target was changed before",
			handler: changed(func(r *http.Request) { r.RequestURI = "*" }),
			sent:    []string{get + get},
			want:    []bool{false, false},
		},
		{
			name:    "the version was changed before",
			handler: changed(func(r *http.Request) { r.Proto = "HTTP/1.0" }),
			sent:    []string{get + get},
			want:    []bool{false, false},
		},
		{
			name: "time limits were set before",
			handler: func(w http.ResponseWriter, r *http.Request) {
				control := http.NewResponseController(w)
				if err := errors.Join(control.SetReadDeadline(time.Now()), control.SetWriteDeadline(time.Now())); err != nil {
					t.Error(err)
				}
				headers(r)
			},
			sent: []string{get + get},
			want: []bool{true, true},
		},
		{
			name: "a body of more than 1 MB was read before",
			handler: func(_ http.ResponseWriter, r *http.Request) {
				if _, err := io.Copy(io.Discard, r.Body); err != nil {
					t.Error(err)
				}
				headers(r)
			},
			sent: []string{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n", strings.Repeat("a", 1<<20), get},
			want: []bool{false, false},
		},
		{
			name: "a body of less was read before",
			handler: func(_ http.ResponseWriter, r *http.Request) {
				if _, err := io.Copy(io.Discard, r.Body); err != nil {
					t.Error(err)
				}
				headers(r)
			},
			sent: []string{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", strings.Repeat("a", 1_000_000), get},
			want: []bool{true, true},
		},
		{
			name: "a chunk that cannot be",
			handler: func(_ http.ResponseWriter, r *http.Request) {
				headers(r)
				if _, err := io.Copy(io.Discard, r.Body); err == nil {
					t.Error("the body ended")
				}
			},
			sent: []string{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "8000000000000000\r\n", get},
			want: []bool{true},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ok, first = nil, true
			play(t, test.handler, wire.Options{}, test.sent...)
			if diff := cmp.Diff(test.want, ok); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
