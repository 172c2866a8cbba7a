package wire_test

import (
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/wire"
)

// FuzzHeaders sends any bytes in pieces of step bytes. Whatever net/http makes of them, the names of each request are those
// that it has parsed, as often as it has parsed them.
func FuzzHeaders(f *testing.F) {
	f.Add("POST /a HTTP/1.1\r\nhost: x\r\ntransfer-ENCODING: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nt: 1\r\n\r\nGET /b HTTP/1.1\r\nHOST: y\r\n\r\n", uint16(6))
	f.Add("POST /a HTTP/1.1\nhost: x\ncontent-LENGTH: 9\n\nGET / HTT\r\n\r\nGET /b HTTP/1.1\r\nHOST: y\r\nfold: a\r\n b\r\n\t\r\n\r\n", uint16(0))
	f.Add("OPTIONS * HTTP/1.1\r\nHOST: y\r\nPragma: no-cache\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabcPRI * HTTP/2.0\r\n\r\n", uint16(4095))
	f.Add("GET / HTTP/1.1\r\nhost: x\r\na: b\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\na: b\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\na: b\r\nc: d\r\n\r\n", uint16(40))
	f.Add("GET / HTTP/1.1\r\nhost: x\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\nGET /%zz HTTP/1.1\r\n\r\n", uint16(9))
	f.Fuzz(func(t *testing.T, sent string, step uint16) {
		var pieces []string
		for rest := sent; rest != ""; {
			n := min(int(step)+1, len(rest))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		play(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			names, size, ok := wire.Headers(r)
			if want := r.ProtoMajor == 1; ok != want {
				t.Errorf("%s %q: ok %v, want %v", r.Method, r.RequestURI, ok, want)
			}
			if ok {
				compare(t, r, names, size)
			}
			if r.ContentLength%3 != 0 {
				_, _ = io.Copy(io.Discard, r.Body) // broken chunks are not the point
			}
		}), wire.Options{Refused: func(_, answer []byte) []byte { return answer }}, pieces...)
	})
}

// compare reports names that are not those of the request.
func compare(t *testing.T, r *http.Request, names []string, size int) {
	t.Helper()
	sent, least := map[string]int{}, 0
	for _, name := range names {
		sent[textproto.CanonicalMIMEHeaderKey(name)]++
		least += len(name) + len(":\n")
	}
	parsed := map[string]int{}
	for name, values := range r.Header {
		parsed[name] = len(values)
		for _, value := range values {
			least += len(value)
		}
	}
	// What net/http takes out, puts in, and makes one of.
	for _, name := range []string{"Host", "Transfer-Encoding", "Trailer", "Content-Length"} {
		delete(sent, name)
		delete(parsed, name)
	}
	if sent["Pragma"] > 0 && sent["Cache-Control"] == 0 {
		delete(parsed, "Cache-Control")
	}
	if !maps.Equal(parsed, sent) {
		t.Errorf("%s %q (-parsed +sent):\n%s", r.Method, r.RequestURI, cmp.Diff(parsed, sent))
	}
	if r.Header.Get("Content-Length") == "" && len(r.Header["Cache-Control"]) == sent["Cache-Control"] && size < least {
		t.Errorf("%s %q: %d bytes of header lines, at least %d were sent", r.Method, r.RequestURI, size, least)
	}
}
