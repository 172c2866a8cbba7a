package event

import "strconv"

// newObject begins an event, with room for it.
func newObject(r *Request, more int, empty string) object {
	const keys, twice = 1600, 2
	size := keys + more + len(r.MethodARN) + twice*(len(r.Path)+len(r.Resource))
	for _, pairs := range [...][]Pair{r.Headers, r.Query, r.PathParameters} {
		for _, p := range pairs {
			size += twice * (len(p.Name) + len(p.Value) + len(`"":[""],`))
		}
	}
	o := object{json: make([]byte, 0, size), empty: empty}
	o.json = append(o.json, '{')
	return o
}

func (o *object) number(name string, value int64) {
	o.name(name)
	o.json = strconv.AppendInt(o.json, value, 10)
}

func (o *object) flag(name string, value bool) {
	o.name(name)
	o.json = strconv.AppendBool(o.json, value)
}

// maps adds what a proxy event and an authorizer's have in common.
func (o *object) maps(r *Request) {
	o.single("headers", r.Headers)
	o.multiple("multiValueHeaders", r.Headers)
	o.single("queryStringParameters", r.Query)
	o.multiple("multiValueQueryStringParameters", r.Query)
	o.single("pathParameters", r.PathParameters)
	o.single("stageVariables", variables(r.Stage.Variables))
}

// requestContext has the keys that were recorded for a regional API (rest-authorizer 3.11, rest-gateway 2.6).
func (o *object) requestContext(r *Request, authorizer []byte, apiKey, apiKeyID string) {
	o.begin("requestContext")
	o.text("resourceId", r.ResourceID)
	if len(authorizer) > 0 {
		o.name("authorizer")
		o.json = append(o.json, authorizer...)
	}
	o.text("resourcePath", r.Resource)
	o.text("httpMethod", r.Method)
	o.text("extendedRequestId", r.ExtendedID)
	o.text("requestTime", r.RequestTime())
	o.text("path", r.ContextPath)
	o.text("accountId", r.Stage.AccountID)
	o.text("protocol", Protocol)
	o.text("stage", r.Stage.Name)
	o.text("domainPrefix", r.DomainPrefix())
	o.number("requestTimeEpoch", r.Time.UnixMilli())
	o.text("requestId", r.ID)
	o.identity(r, apiKey, apiKeyID)
	o.text("domainName", r.DomainName())
	o.text("deploymentId", r.Stage.DeploymentID)
	o.text("apiId", r.Stage.APIID)
	o.end()
}

// identity is null but for the address and the user agent when nobody signed the request (rest-authorizer 3.12). An API key and
// its id are there when there is one (9.8), a client certificate with mutual TLS (rest-gateway 12).
func (o *object) identity(r *Request, apiKey, apiKeyID string) {
	o.begin("identity")
	for _, name := range [...]string{"cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller"} {
		o.raw(name, "null")
	}
	if apiKey != "" {
		o.text("apiKey", apiKey)
	}
	if c := r.ClientCert; c != nil {
		o.begin("clientCert")
		o.text("clientCertPem", c.PEM)
		o.text("subjectDN", c.SubjectDN)
		o.text("issuerDN", c.IssuerDN)
		o.text("serialNumber", c.SerialNumber)
		o.begin("validity")
		o.text("notBefore", c.NotBefore)
		o.text("notAfter", c.NotAfter)
		o.end()
		o.end()
	}
	o.text("sourceIp", r.SourceIP)
	for _, name := range [...]string{
		"principalOrgId", "accessKey", "cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn",
	} {
		o.raw(name, "null")
	}
	if apiKeyID != "" {
		o.text("apiKeyId", apiKeyID)
	}
	if agent, sent := r.Header("User-Agent"); sent {
		o.text("userAgent", agent)
	} else {
		o.raw("userAgent", "null")
	}
	o.raw("user", "null")
	o.end()
}
