package event

import (
	"encoding/base64"
	"encoding/json"
)

// proxyEvent has exactly these keys, always; what is empty is null (rest-gateway 2.1, 2.2).
type proxyEvent struct {
	Resource                        string              `json:"resource"`
	Path                            string              `json:"path"`
	HTTPMethod                      string              `json:"httpMethod"`
	Headers                         map[string]string   `json:"headers"`
	MultiValueHeaders               map[string][]string `json:"multiValueHeaders"`
	QueryStringParameters           map[string]string   `json:"queryStringParameters"`
	MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters"`
	PathParameters                  map[string]string   `json:"pathParameters"`
	StageVariables                  map[string]string   `json:"stageVariables"`
	RequestContext                  requestContext      `json:"requestContext"`
	Body                            *string             `json:"body"`
	IsBase64Encoded                 bool                `json:"isBase64Encoded"`
}

// Proxy is the event of a Lambda proxy integration. The authorizer is the JSON of requestContext.authorizer, or nil when the
// route is open: then the key is absent. A body whose media type is one of the API's binary media types is base64, any
// other is text, in which bytes that are not UTF-8 become U+FFFD (rest-gateway 2.8).
func Proxy(r *Request, body []byte, binary MediaTypes, authorizer json.RawMessage) []byte {
	context := r.requestContext()
	context.Authorizer = authorizer
	variables := r.Stage.Variables
	if len(variables) == 0 {
		variables = nil
	}
	e := proxyEvent{
		Resource:                        r.Resource,
		Path:                            r.Path,
		HTTPMethod:                      r.Method,
		Headers:                         single(r.Headers),
		MultiValueHeaders:               multiple(r.Headers),
		QueryStringParameters:           single(r.Query),
		MultiValueQueryStringParameters: multiple(r.Query),
		PathParameters:                  single(r.PathParameters),
		StageVariables:                  variables,
		RequestContext:                  context,
	}
	if len(body) > 0 {
		contentType, _ := r.Header("Content-Type")
		text := string(body)
		if binary.MatchContentType(contentType) {
			text, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
		}
		e.Body = &text
	}
	return marshal(e)
}
