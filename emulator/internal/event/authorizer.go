package event

// tokenEvent has exactly three keys (rest-authorizer 3.1).
type tokenEvent struct {
	Type               string `json:"type"`
	MethodARN          string `json:"methodArn"`
	AuthorizationToken string `json:"authorizationToken"`
}

// Token is the event of a TOKEN authorizer. The token is the whole header value.
func Token(r *Request, token string) []byte {
	return marshal(tokenEvent{"TOKEN", r.MethodARN, token})
}

// requestEvent has neither version nor body, and its empty maps are {}, not null (rest-authorizer 3.2 to 3.4).
type requestEvent struct {
	Type                            string              `json:"type"`
	MethodARN                       string              `json:"methodArn"`
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
}

// AuthorizerRequest is the event of a REQUEST authorizer.
func AuthorizerRequest(r *Request) []byte {
	return marshal(requestEvent{
		Type:                            "REQUEST",
		MethodARN:                       r.MethodARN,
		Resource:                        r.Resource,
		Path:                            r.Path,
		HTTPMethod:                      r.Method,
		Headers:                         orEmpty(single(r.Headers)),
		MultiValueHeaders:               orEmpty(multiple(r.Headers)),
		QueryStringParameters:           orEmpty(single(r.Query)),
		MultiValueQueryStringParameters: orEmpty(multiple(r.Query)),
		PathParameters:                  orEmpty(single(r.PathParameters)),
		StageVariables:                  orEmpty(r.Stage.Variables),
		RequestContext:                  r.requestContext(),
	})
}

func orEmpty[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}
