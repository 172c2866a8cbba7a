package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/trace"
)

// executionLog tells of one authorizer in the words of API Gateway's execution log (rest-authorizer 9). Secrets are masked.
type executionLog struct {
	text      strings.Builder
	time      string
	requestID string
	secrets   bool                   // are shown
	sources   []trace.IdentitySource // whose values are secrets
}

func newExecutionLog(now time.Time, requestID string, secrets bool) *executionLog {
	l := &executionLog{secrets: secrets, time: now.UTC().Format("Mon Jan 02 15:04:05 UTC 2006"), requestID: requestID}
	fmt.Fprintf(&l.text, "Execution log for request %s\n", requestID)
	return l
}

func (l *executionLog) line(format string, args ...any) {
	fmt.Fprintf(&l.text, "%s : %s\n", l.time, fmt.Sprintf(format, args...))
}

func (l *executionLog) mask(value string) string {
	if l.secrets {
		return value
	}
	return trace.Mask(value)
}

func (l *executionLog) starting(authorizerID string) {
	l.line("Starting authorizer: %s for request: %s", authorizerID, l.requestID)
}

func (l *executionLog) identity(kind apigw.AuthorizerType, sources []trace.IdentitySource) {
	if kind == apigw.TokenAuthorizer {
		l.line("Incoming identity: %s", l.mask(sources[0].Value))
		return
	}
	named := make([]string, len(sources))
	for i, s := range sources {
		named[i] = s.Source + "=" + l.mask(s.Value)
	}
	l.line("Incoming identity: {%s}", strings.Join(named, ", "))
}

func (l *executionLog) sending(function string, payload []byte) {
	event, _ := l.shown(payload, nil)
	l.line("Endpoint request body after transformations: %s", event)
	l.line("Sending request to %s", function)
}

// answered tells what the function answered, which for API Gateway the document of an error is, too (rest-authorizer 5.24).
func (l *executionLog) answered(call authorizer.Call) {
	body := call.Answer
	if raised, ok := errors.AsType[*authorizer.FunctionError](call.Err); ok {
		body = raised.Payload
	}
	if len(body) > 0 {
		_, answer := l.shown(nil, body)
		l.line("Authorizer result body before parsing: %s", answer)
	}
}

func (l *executionLog) ended(tested *TestedAuthorizer) {
	refusal := tested.Refusal
	if refusal == nil {
		l.line("Using valid authorizer policy for principal: %s", l.mask(tested.Result.PrincipalID))
		l.line("Successfully completed authorizer execution")
		return
	}
	response := refusal.Response()
	if refusal.Type == apigw.Unauthorized {
		l.line("Unauthorized request: %s", l.requestID)
	} else {
		l.line("Execution failed due to configuration error: %s", configurationError(refusal))
		l.line("%s", response.ErrorType)
	}
	l.line("Gateway response type: %s with status code: %d", refusal.Type, response.Status)
}

// configurationError is how the log names what an authorizer did wrong.
func configurationError(refusal *apigw.Error) string {
	if _, raised := errors.AsType[*authorizer.FunctionError](refusal.Cause); raised && refusal.Code == trace.AuthorizerError {
		// It reads the error as if it were an answer (rest-authorizer 5.4, 5.24).
		return `Invalid JSON in response: Unrecognized field "errorType" , not marked as ignorable`
	}
	return trace.ConfigurationError(refusal.Code, refusal.Reason)
}

// shown is an event and an answer as a trace shows them that knows the identity.
func (l *executionLog) shown(payload, answer []byte) (shownPayload, shownAnswer string) {
	text, err := json.Marshal(trace.Trace{ShowSecrets: l.secrets, Steps: []trace.Step{
		{Detail: trace.NewInvocationDetail("", payload, answer, nil)}, {Detail: trace.IdentityDetail{Sources: l.sources}},
	}})
	var shown struct {
		Steps []struct {
			Detail struct{ Event, Answer json.RawMessage }
		}
	}
	if err == nil {
		err = json.Unmarshal(text, &shown)
	}
	if err != nil || len(shown.Steps) == 0 {
		return "", "" // it was written just now
	}
	return string(shown.Steps[0].Detail.Event), string(shown.Steps[0].Detail.Answer)
}
