package event

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// marshal writes JSON as API Gateway does, without escaping <, > and &.
func marshal(event any) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(event); err != nil {
		// Events are made of text, numbers, booleans and JSON that was parsed before: this is a bug of ours.
		panic(fmt.Sprintf("event: %v", err))
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}

// single is the map in which the last value of a name wins.
func single(pairs []Pair) map[string]string {
	if len(pairs) == 0 {
		return nil
	}
	m := make(map[string]string, len(pairs))
	for _, p := range pairs {
		m[p.Name] = p.Value
	}
	return m
}

// multiple is the map that keeps every value, in order.
func multiple(pairs []Pair) map[string][]string {
	if len(pairs) == 0 {
		return nil
	}
	m := make(map[string][]string, len(pairs))
	for _, p := range pairs {
		m[p.Name] = append(m[p.Name], p.Value)
	}
	return m
}

// requestContext has the keys that were recorded for a regional API without API key and mutual TLS
// (rest-authorizer 3.11, rest-gateway 2.6).
type requestContext struct {
	ResourceID        string          `json:"resourceId"`
	Authorizer        json.RawMessage `json:"authorizer,omitempty"`
	ResourcePath      string          `json:"resourcePath"`
	HTTPMethod        string          `json:"httpMethod"`
	ExtendedRequestID string          `json:"extendedRequestId"`
	RequestTime       string          `json:"requestTime"`
	Path              string          `json:"path"`
	AccountID         string          `json:"accountId"`
	Protocol          string          `json:"protocol"`
	Stage             string          `json:"stage"`
	DomainPrefix      string          `json:"domainPrefix"`
	RequestTimeEpoch  int64           `json:"requestTimeEpoch"`
	RequestID         string          `json:"requestId"`
	Identity          identity        `json:"identity"`
	DomainName        string          `json:"domainName"`
	DeploymentID      string          `json:"deploymentId"`
	APIID             string          `json:"apiId"`
}

// identity is null but for the address and the user agent when nobody signed the request (rest-authorizer 3.12).
type identity struct {
	CognitoIdentityPoolID         *string `json:"cognitoIdentityPoolId"`
	AccountID                     *string `json:"accountId"`
	CognitoIdentityID             *string `json:"cognitoIdentityId"`
	Caller                        *string `json:"caller"`
	SourceIP                      string  `json:"sourceIp"`
	PrincipalOrgID                *string `json:"principalOrgId"`
	AccessKey                     *string `json:"accessKey"`
	CognitoAuthenticationType     *string `json:"cognitoAuthenticationType"`
	CognitoAuthenticationProvider *string `json:"cognitoAuthenticationProvider"`
	UserARN                       *string `json:"userArn"`
	UserAgent                     *string `json:"userAgent"`
	User                          *string `json:"user"`
}

func (r *Request) requestContext() requestContext {
	c := requestContext{
		ResourceID:        r.ResourceID,
		ResourcePath:      r.Resource,
		HTTPMethod:        r.Method,
		ExtendedRequestID: r.ExtendedID,
		RequestTime:       r.RequestTime(),
		Path:              r.ContextPath,
		AccountID:         r.Stage.AccountID,
		Protocol:          Protocol,
		Stage:             r.Stage.Name,
		DomainPrefix:      r.DomainPrefix(),
		RequestTimeEpoch:  r.Time.UnixMilli(),
		RequestID:         r.ID,
		Identity:          identity{SourceIP: r.SourceIP},
		DomainName:        r.DomainName(),
		DeploymentID:      r.Stage.DeploymentID,
		APIID:             r.Stage.APIID,
	}
	if agent, sent := r.Header("User-Agent"); sent {
		c.Identity.UserAgent = &agent
	}
	return c
}
