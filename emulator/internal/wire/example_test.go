package wire_test

import (
	"fmt"
	"io"
	"net"
	"net/http"

	"gatewayd/emulator/internal/wire"
)

// The names that a client sent, and an answer of one's own to a request that net/http cannot parse.
func Example() {
	client, connection := net.Pipe()
	server := &http.Server{
		ConnContext:                  wire.ConnContext,
		DisableGeneralOptionsHandler: true, // OPTIONS * is for the handler, too
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			names, size, ok := wire.Headers(r)
			fmt.Println(names, size, ok)
		}),
	}
	listener := wire.NewListener(newListener(connection), wire.Options{Refused: func(head, _ []byte) []byte {
		fmt.Printf("%q\n", head)
		return []byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	}})
	go func() {
		fmt.Fprint(client, "GET /pets HTTP/1.1\r\nhost: localhost\r\nx-api-KEY: secret\r\n\r\n", "GET /%zz HTTP/1.1\r\n\r\n")
		if _, err := io.Copy(io.Discard, client); err != nil {
			fmt.Println(err)
		}
		if err := server.Close(); err != nil {
			fmt.Println(err)
		}
	}()
	fmt.Println(server.Serve(listener))
	// Output:
	// [host x-api-KEY] 36 true
	// "GET /%zz HTTP/1.1\r\n\r\n"
	// http: Server closed
}
