package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/function"
	"gatewayd/emulator/internal/mapping"
	"gatewayd/emulator/trace"
)

// accessLog is the access log of a deployment.
type accessLog struct {
	file     string
	template *mapping.Template
	json     bool // lines are JSON, in which values are escaped
}

func compileAccessLog(l *apigw.AccessLog) (*accessLog, error) {
	if l == nil {
		return nil, nil //nolint:nilnil // no log
	}
	text := l.Template()
	template, err := mapping.ParseTemplate(text, mapping.AccessLog)
	if err != nil {
		return nil, fmt.Errorf("%s: accessLog: %w", l.Position, err)
	}
	return &accessLog{l.File, template, strings.HasPrefix(strings.TrimSpace(text), "{")}, nil
}

// outcome is what the access log tells of an integration.
type outcome struct {
	called    bool
	requestID string // Lambda's, "" for an endpoint
	latency   time.Duration
	service   int    // the status of whoever was asked, Lambda itself or the endpoint; 0 when it gave none
	status    int    // of the answer, 0 for none
	fault     string // why there is none
}

// logAccess writes the line of a request that was answered. A request to no stage is in no stage's log.
func (x *exchange) logAccess(r *response) {
	if x.deployment == nil || x.deployment.accessLog == nil || x.request.Stage == nil {
		return
	}
	l := x.deployment.accessLog
	// A variable without a value is a hyphen (rest-gateway 8.3).
	x.gateway.options.AccessLog(l.file, l.template.Append(nil, logVariables{variables{exchange: x, refusal: x.refused}, l.json, r}, "-"))
}

// logVariables answers the references of an access log (rest-gateway 8.2, 8.3).
type logVariables struct {
	variables
	json     bool
	response *response
}

// Value returns the text of a variable as a line has it: without secrets, and without what would end the line, or the text that
// it stands in. That AWS escapes quotes in JSON was seen in 2024 (DataBiosphere/azul #4348).
func (v logVariables) Value(r mapping.Reference) (string, bool) {
	text, ok := v.value(r)
	if !ok || text == "" {
		return "", false
	}
	text = validValue(text)
	if v.json && r.Name != "error.messageString" && strings.ContainsAny(text, `"\`) {
		text = strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(text)
	}
	return text, true
}

func (v logVariables) value(r mapping.Reference) (string, bool) {
	if r.Source != mapping.Context {
		return v.variables.Value(r)
	}
	area, name, _ := strings.Cut(r.Name, ".")
	switch area {
	case "authorizer":
		if text, ok := v.authorizer(name); ok {
			return text, true
		}
		text, ok := v.variables.Value(r)
		return v.trace.Mask(text), ok
	case "authorize":
		return v.authorize(name)
	case "integration", "integrationErrorMessage", "integrationLatency", "integrationStatus", "awsEndpointRequestId":
		return v.integration(cmp.Or(name, area))
	case "error":
		text, ok := v.variables.Value(r)
		return v.trace.Mask(text), ok
	}
	switch r.Name {
	case "status":
		return strconv.Itoa(v.response.status), true
	case "responseLength":
		return strconv.Itoa(v.length()), true
	case "responseLatency":
		return milliseconds(time.Since(v.started)), true
	case "endpointType":
		return "REGIONAL", true
	case "customDomain.basePathMatched":
		return cmp.Or(strings.Trim(v.deployment.api.BasePath, "/"), "(none)"), v.deployment.api.CustomDomain()
	case "identity.apiKey":
		text, ok := v.variables.Value(r)
		if !v.trace.ShowSecrets {
			text = trace.Mask(text)
		}
		return text, ok
	}
	return v.variables.Value(r)
}

// length is how many bytes of a body the client was sent.
func (v logVariables) length() int {
	if v.http.Method == http.MethodHead || v.response.status == http.StatusNoContent || v.response.status == http.StatusNotModified {
		return 0
	}
	return len(v.response.body)
}

// authorizer tells of calling the authorizer. What its function put into the context has other names.
func (v logVariables) authorizer(name string) (string, bool) {
	refused := v.refused != nil && authorizerRefused(v.refused.Code)
	asked := v.result != nil || refused
	switch name {
	case "status":
		if refused {
			return strconv.Itoa(v.refused.Response().Status), true
		}
		return "200", asked
	case "error":
		if !refused {
			return "", false
		}
		return v.trace.Mask(v.refused.Reason), true
	case "integrationStatus":
		return "200", v.result != nil // Lambda's own (rest-gateway 8.3)
	case "latency":
		return milliseconds(v.latency), asked
	}
	return "", false
}

// authorizerRefused reports whether a code is of an authorizer that gave no policy.
func authorizerRefused(code trace.Code) bool {
	return strings.HasPrefix(string(code), "authorizer.") || strings.HasPrefix(string(code), "identity.")
}

// authorize tells what the policy decided.
func (v logVariables) authorize(name string) (string, bool) {
	if v.result == nil {
		return "", false
	}
	denied := v.refused != nil && v.refused.Type == apigw.AccessDenied
	switch name {
	case "status":
		if denied {
			return strconv.Itoa(http.StatusForbidden), true
		}
		return "200", true
	case "error":
		if denied {
			return v.refused.Text()
		}
	}
	return "", false
}

func (v logVariables) integration(name string) (string, bool) {
	c := &v.outcome
	if !c.called {
		return "", false
	}
	switch name {
	case "requestId", "awsEndpointRequestId":
		return c.requestID, true
	case "latency", "integrationLatency":
		return milliseconds(c.latency), true
	case "integrationStatus":
		return strconv.Itoa(c.service), c.service != 0
	case "status":
		return strconv.Itoa(c.status), c.status != 0
	case "error", "integrationErrorMessage":
		return v.trace.Mask(c.fault), c.fault != ""
	}
	return "", false
}

// note keeps what the access log tells of a function that was called. The errors are the function's, and the one of reading its
// answer.
func (x *exchange) note(c *call, status int, failed, malformed error) {
	o := outcome{called: true, requestID: c.invocation.RequestID, latency: time.Since(x.started) - x.lapped}
	raised, isRaised := errors.AsType[*function.Error](failed)
	switch {
	case isRaised: // for which Lambda itself answers 200 (rest-gateway 8.3)
		o.service, o.fault = http.StatusOK, "Lambda Customer Function Error:"+raised.Message // rest-gateway 3.2
	case failed != nil:
		o.fault = failed.Error()
	case malformed != nil:
		o.service, o.fault = http.StatusOK, "Malformed Lambda proxy response"
	default:
		o.service, o.status = http.StatusOK, status
	}
	x.outcome = o
}

// noteEndpoint keeps what the access log tells of an endpoint that was asked.
func (x *exchange) noteEndpoint(status int, failed error) {
	x.outcome = outcome{called: true, latency: time.Since(x.started) - x.lapped, service: status, status: status}
	if failed != nil {
		x.outcome.fault = failed.Error()
	}
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
