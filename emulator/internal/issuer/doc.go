// Package issuer is an issuer of JSON Web Tokens for work without a network: what an authorizer of a deployed API would ask an
// identity provider for, it asks gatewayd for. It is for development only: whoever asks for a token is given one.
//
//	tokens, err := issuer.New(issuer.Options{URL: "http://127.0.0.1:3001/issuer/", Audience: "https://your-api-gateway"})
//	router.Mount("/issuer", tokens.Handler()) // discovery document, key set, token endpoint, rotation
//	token, err := tokens.Mint(issuer.Request{Scopes: []string{"read:pets"}})
//
// Tokens look like those of the client credentials that the tutorials use: a subject `dev@clients`, scopes as one text. A
// [Case] makes a token that is wrong in exactly one respect, to try what an authorizer refuses.
//
// An Issuer opens no port. Who serves its handler decides who reaches it, and had better say [Notice].
//
// Specifications: OpenID Connect Discovery 1.0, RFC 6749 section 4.4 (client credentials), RFC 7517 and 7638 (key sets and the
// names of keys), RFC 7519 (tokens). AWS page: "Use API Gateway Lambda authorizers", whose TOKEN authorizers verify them.
package issuer
