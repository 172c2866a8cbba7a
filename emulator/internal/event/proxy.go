package event

import "encoding/json"

// Proxy is the event of a Lambda proxy integration: it has the same keys always, and what is empty is null (rest-gateway 2.1,
// 2.2). The authorizer is the JSON of requestContext.authorizer, or nil when the route is open: then the key is absent. A body
// whose media type is one of the API's binary media types is base64, any other is text, in which bytes that are not UTF-8
// become U+FFFD (rest-gateway 2.8).
func Proxy(r *Request, body []byte, binary MediaTypes, authorizer json.RawMessage) []byte {
	o := newObject(r, len(body)+len(authorizer), "null")
	o.text("resource", r.Resource)
	o.text("path", r.Path)
	o.text("httpMethod", r.Method)
	o.maps(r)
	o.requestContext(r, authorizer, r.APIKey, r.APIKeyID)
	encoded := false
	if len(body) == 0 {
		o.raw("body", "null")
	} else {
		var text string
		text, encoded = bodyOf(r, body, binary)
		o.text("body", text)
	}
	o.flag("isBase64Encoded", encoded)
	o.end()
	return o.json
}
