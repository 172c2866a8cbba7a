// Package wire keeps what net/http throws away: how a client spelled the names of its headers, how many bytes they took, and
// the requests that net/http refuses to parse.
//
//	server := &http.Server{Handler: handler, ConnContext: wire.ConnContext, DisableGeneralOptionsHandler: true}
//	server.Serve(wire.NewListener(listener, wire.Options{Refused: answer}))
//
//	names, size, ok := wire.Headers(r) // first of all in the handler: [host x-api-KEY], 32
//
// An event carries the names of headers as the client sent them (rest-gateway 2.3), and API Gateway counts the bytes of all
// header lines (rest-gateway 4), while net/http gives every name its canonical form and counts otherwise. Both concern HTTP/1.1
// only: on HTTP/2 names are lower case. See "Amazon API Gateway important notes" at
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html.
//
// A connection copies each request's head while net/http reads it. It parses nothing that net/http decides: where the body
// ends is read from the [http.Request]. What cannot be brought into line with the requests turns the copying off for the rest
// of the connection, and never harms it.
package wire
