package event

// Token is the event of a TOKEN authorizer, which has exactly three keys (rest-authorizer 3.1). The token is the whole header
// value.
func Token(r *Request, token string) []byte {
	o := object{json: []byte{'{'}}
	o.text("type", "TOKEN")
	o.text("methodArn", r.MethodARN)
	o.text("authorizationToken", token)
	o.end()
	return o.json
}

// AuthorizerRequest is the event of a REQUEST authorizer. It has neither version nor body, and its empty maps are {}, not null
// (rest-authorizer 3.2 to 3.4).
func AuthorizerRequest(r *Request) []byte {
	o := newObject(r, 0, "{}")
	o.text("type", "REQUEST")
	o.text("methodArn", r.MethodARN)
	o.text("resource", r.Resource)
	o.text("path", r.Path)
	o.text("httpMethod", r.Method)
	o.maps(r)
	o.requestContext(r, nil, r.SentAPIKey, "")
	o.end()
	return o.json
}
