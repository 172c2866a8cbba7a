package wire

import (
	"net/http"
	"time"
)

// Abandon closes the connection of a request after a while, in which the client can read an answer that said it would be
// closed. It is for a handler that may never return: net/http keeps the connection, and its descriptor, until then. In a server
// without [NewListener] and [ConnContext] nothing happens.
func Abandon(r *http.Request, after time.Duration) {
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		time.AfterFunc(after, func() { _ = c.Close() }) // net/http may have done so
	}
}
