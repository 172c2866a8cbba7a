package wire

import (
	"net/http"
	"strings"
)

// Headers returns the names of the request's header lines as the client sent them, in order, Host among them, and how many
// bytes the header lines have with their line ends; the request line and the empty line at the end do not count. Requests of
// one connection may share the names: they must not be changed.
//
// A handler calls it once for every request, before it changes the request or reads its body: the rest of the connection
// depends on it. The values are in r.Header under the canonical name, in the same order.
//
// ok is false when nothing was recorded: on HTTP/2, in a server without [NewListener] and [ConnContext], and on a connection
// that gave up because more than 1 MB had to be kept or because an earlier request was answered without Headers.
func Headers(r *http.Request) (names []string, size int, ok bool) {
	c, ok := r.Context().Value(connKey{}).(*conn)
	if !ok || r.ProtoMajor != 1 { // net/http lets PRI * HTTP/2.0 through to handlers
		return nil, 0, false
	}
	return c.recorder.take(r)
}

// namesOf lists the names in header lines that net/http has accepted.
func namesOf(lines string) []string {
	names := make([]string, 0, strings.Count(lines, "\n")-1)
	for lines != "" {
		line, rest, _ := strings.Cut(lines, "\n")
		// A line that begins with a space goes on with the value before.
		if name, _, ok := strings.Cut(line, ":"); ok && line[0] != ' ' && line[0] != '\t' {
			names = append(names, name)
		}
		lines = rest
	}
	return names
}
