// Package arn reads and writes the ARNs of execute-api, by which policies name
// what a caller may invoke:
//
//	arn:PARTITION:execute-api:REGION:ACCOUNT:API_ID/STAGE/METHOD/PATH
//	arn:PARTITION:execute-api:REGION:ACCOUNT:API_ID/STAGE/ROUTE_KEY
//
// The first is the method ARN of a REST or HTTP API, the second the one of a
// WebSocket API. METHOD is the request's verb and PATH the path as requested,
// without its leading slash and without the query string, so the root's ARN
// ends in a slash.
//
// It implements
// https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html.
package arn

import (
	"errors"
	"fmt"
	"strings"
)

// ErrFormat is what every error of Parse wraps.
var ErrFormat = errors.New("not an execute-api ARN")

// ARN is an execute-api ARN in its parts. An ARN with no Stage names the API
// itself, one with no Method and no RouteKey the stage.
type ARN struct {
	Partition string // aws, aws-cn, aws-us-gov
	Region    string
	AccountID string // 12 digits; not checked
	APIID     string
	Stage     string
	Method    string // the verb; empty for a WebSocket API
	Path      string // as requested, without its leading slash; it may hold colons
	RouteKey  string // of a WebSocket API, as in $connect
}

// Parse reads an ARN of an API, a stage, a method or a WebSocket route. The
// text between the stage and the next slash is the method, if there is such a
// slash; otherwise all of it is the route key. The error wraps [ErrFormat].
func Parse(text string) (ARN, error) {
	// Only the first five colons delimit: a path may hold more (iam-policy R5).
	fields := strings.SplitN(text, ":", 6)
	switch {
	case len(fields) < 6:
		return ARN{}, fmt.Errorf("%w: %q has %d fields, not six", ErrFormat, text, len(fields))
	case fields[0] != "arn":
		return ARN{}, fmt.Errorf("%w: the first field of %q is not arn", ErrFormat, text)
	case fields[2] != service:
		return ARN{}, fmt.Errorf("%w: %q names the service %q", ErrFormat, text, fields[2])
	}
	a := ARN{Partition: fields[1], Region: fields[3], AccountID: fields[4]}
	var rest string
	var found bool
	if a.APIID, rest, found = strings.Cut(fields[5], "/"); a.APIID == "" {
		return ARN{}, fmt.Errorf("%w: %q has no API id", ErrFormat, text)
	}
	if !found {
		return a, nil
	}
	if a.Stage, rest, found = strings.Cut(rest, "/"); a.Stage == "" {
		return ARN{}, fmt.Errorf("%w: %q has no stage", ErrFormat, text)
	}
	switch method, path, isMethod := strings.Cut(rest, "/"); {
	case isMethod && method == "", found && rest == "":
		return ARN{}, fmt.Errorf("%w: %q has no method", ErrFormat, text)
	case isMethod:
		a.Method, a.Path = method, path
	default:
		a.RouteKey = rest
	}
	return a, nil
}

const service = "execute-api"

// String writes the ARN. For what Parse returned, it is what Parse read.
func (a ARN) String() string {
	return string(a.Append(nil))
}

// Append appends the ARN to b, for callers that write one for each request.
func (a ARN) Append(b []byte) []byte {
	b = append(b, "arn:"...)
	b = append(b, a.Partition...)
	b = append(b, ":"+service+":"...)
	b = append(b, a.Region...)
	b = append(b, ':')
	b = append(b, a.AccountID...)
	b = append(b, ':')
	b = append(b, a.APIID...)
	if a.Stage == "" {
		return b
	}
	b = append(b, '/')
	b = append(b, a.Stage...)
	switch {
	case a.RouteKey != "":
		b = append(b, '/')
		b = append(b, a.RouteKey...)
	case a.Method != "":
		b = append(b, '/')
		b = append(b, a.Method...)
		b = append(b, '/')
		b = append(b, a.Path...)
	}
	return b
}

// API gives the ARN of the API alone, which completes the short form of the
// resources in a resource policy.
func (a ARN) API() ARN {
	return ARN{Partition: a.Partition, Region: a.Region, AccountID: a.AccountID, APIID: a.APIID}
}

// Masked writes the ARN as messages to a client do, with an account of which
// only the last four digits show (iam-policy M1).
func (a ARN) Masked() string {
	if hidden := len(a.AccountID) - 4; hidden > 0 {
		a.AccountID = strings.Repeat("*", hidden) + a.AccountID[hidden:]
	}
	return a.String()
}
