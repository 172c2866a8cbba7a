package trace

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// ExecutionLog writes a trace in the lines of API Gateway's own execution log, for whoever knows those: what it logs to
// CloudWatch with full request data, in the form of the log that its console shows. It has what AWS tells and no more; the
// reason of a refusal, the hint and why statements apply are in what [Render] writes. Secrets are masked.
//
// Source: https://repost.aws/knowledge-center/api-gateway-logs and logs that were published (rest-authorizer 9). AWS names an
// authorizer by an id, which is its name here.
func ExecutionLog(w io.Writer, t Trace) error {
	t, err := t.masked()
	if err != nil {
		return err
	}
	l := executionLog{trace: &t, at: t.Time}
	l.api, l.stage, l.path = l.addressed()
	fmt.Fprintf(&l.text, "Execution log for request %s\n", printable(t.RequestID))
	for i := range t.Steps {
		if err := l.step(&t.Steps[i]); err != nil {
			return err
		}
	}
	if l.started {
		l.line("Method completed with status: %d", t.Status)
	} else if t.GatewayResponse != "" {
		l.line("Gateway response type: %s with status code: %d", t.GatewayResponse, t.Status)
	}
	_, err = io.WriteString(w, l.text.String())
	return err
}

// executionLog collects the lines.
type executionLog struct {
	trace   *Trace
	at      time.Time
	started bool // the execution, or what ends as one
	planned bool // the usage plan was looked for

	api, stage string
	path       string // behind the stage, as it was sent
	text       strings.Builder
}

// addressed is what the method ARN names: …:API/STAGE/METHOD/PATH.
func (l *executionLog) addressed() (api, stage, path string) {
	const parts, apiPart, stagePart, pathPart = 4, 0, 1, 3
	names := strings.SplitN(l.trace.MethodARN[strings.LastIndex(l.trace.MethodARN[:colons(l.trace.MethodARN)], ":")+1:], "/", parts)
	if len(names) < parts {
		return "", "", ""
	}
	return names[apiPart], names[stagePart], "/" + names[pathPart]
}

// colons is where the ARN's own colons end: a path may have others.
func colons(arn string) int {
	if slash := strings.IndexByte(arn, '/'); slash >= 0 {
		return slash
	}
	return len(arn)
}

// maxLogged is how many bytes of an event AWS's log has (rest-gateway 4).
const maxLogged = 1024

func (l *executionLog) line(format string, args ...any) {
	stamp := l.at.UTC().Format("Mon Jan 02 15:04:05 UTC 2006")
	text := fmt.Sprintf(format, args...)
	if len(text) > maxLogged {
		text = strings.ToValidUTF8(text[:maxLogged], "") + " [TRUNCATED]"
	}
	fmt.Fprintf(&l.text, "%s : %s\n", stamp, printable(text))
}

// logged are the members of a detail that AWS logs.
type logged struct {
	Authorizer, Type string
	Sources          []struct{ Source, Value string }

	Function, Endpoint, Error, PrincipalID string
	Event, Answer, Request, Response       json.RawMessage

	APIKey, ResourceID string
	APIKeyRequired     bool
	Throttles          []ThrottleLevel
}

func (l *executionLog) step(s *Step) error {
	l.at = l.at.Add(s.Duration)
	var found logged
	if err := s.read(&found); err != nil {
		return err
	}
	switch s.Name {
	case "identity":
		l.identity(s, &found)
	case "authorizer":
		l.authorizer(s, &found)
	case "policy", "resourcePolicy":
		l.policy(s, &found)
	case "apiKey":
		l.apiKey(s, &found)
	case "usage":
		l.usage(s, &found)
	case "integration":
		l.plan("")
		l.integration(s, &found)
	}
	return nil
}

func (l *executionLog) identity(s *Step, found *logged) {
	l.line("Starting authorizer: %s for request: %s", found.Authorizer, l.trace.RequestID)
	var values []string
	for _, source := range found.Sources {
		values = append(values, source.Source+"="+source.Value)
	}
	if found.Type == "TOKEN" && len(found.Sources) > 0 {
		l.line("Incoming identity: %s", found.Sources[0].Value)
	} else {
		l.line("Incoming identity: {%s}", strings.Join(values, ", "))
	}
	if s.Code != "" {
		l.line("Unauthorized request: %s", l.trace.RequestID)
	}
}

func (l *executionLog) authorizer(s *Step, found *logged) {
	if found.Function != "" {
		l.sending(found)
	}
	if found.Answer != nil {
		l.line("Authorizer result body before parsing: %s", found.Answer)
	}
	if s.Code == AuthorizerUnauthorized {
		l.line("Unauthorized request: %s", l.trace.RequestID)
	} else if s.Code != "" {
		l.line("Execution failed due to configuration error: %s", ConfigurationError(s.Code, l.trace.Reason))
		l.line("AuthorizerConfigurationException")
	}
}

// ConfigurationError is how AWS's log names what an authorizer did wrong. Of a policy or an answer that cannot be used, the
// reason follows.
func ConfigurationError(code Code, reason string) string {
	switch code { //nolint:exhaustive // the others have no words of their own
	case AuthorizerPolicyInvalid:
		return "Could not parse policy: " + reason
	case AuthorizerOutputInvalid, AuthorizerContextInvalid:
		return "Invalid JSON in response: " + reason
	}
	return "Authorizer error"
}

// policy tells of the authorizer's policy, and of a resource policy only if it denies.
func (l *executionLog) policy(s *Step, found *logged) {
	if s.Name == "policy" {
		l.line("Using valid authorizer policy for principal: %s", Mask(found.PrincipalID))
		l.line("Successfully completed authorizer execution")
	}
	if s.Code != "" && s.Code != PolicyAllow {
		l.line("The client is not authorized to perform this operation.")
	}
}

// plan begins what the log tells of usage plans, which it does of every request that comes so far.
func (l *executionLog) plan(key string) {
	if l.planned {
		return
	}
	l.planned = true
	l.line("Verifying Usage Plan for request: %s. API Key: %s API Stage: %s/%s", l.trace.RequestID, key, l.api, l.stage)
	if key == "" {
		l.line("API Key  authorized because method '%s' does not require API Key. Request will not contribute to throttle or quota limits", l.trace.Route)
		l.line("Usage Plan check succeeded for API Key  and API Stage %s/%s", l.api, l.stage)
	}
}

func (l *executionLog) apiKey(s *Step, found *logged) {
	if !found.APIKeyRequired {
		return
	}
	l.planned = true
	l.line("Verifying Usage Plan for request: %s. API Key: %s API Stage: %s/%s", l.trace.RequestID, found.APIKey, l.api, l.stage)
	if s.Code == "" && l.trace.Code != UsageThrottled && l.trace.Code != UsageQuotaExceeded {
		l.line("Usage Plan check succeeded for API Key %s and API Stage %s/%s", found.APIKey, l.api, l.stage)
	}
}

// usage tells of a throttle that is empty, as a log of 2019 does. What it says of a quota is not known.
func (l *executionLog) usage(s *Step, found *logged) {
	if s.Code == "" {
		return
	}
	if !l.planned {
		l.planned = true
		l.line("Verifying Usage Plan for request: %s. API Key:  API Stage: %s/%s", l.trace.RequestID, l.api, l.stage)
	}
	for _, t := range found.Throttles {
		if s.Code == UsageThrottled && t.TokensLeft == 0 {
			l.line("Key throttle limit exceeded for RestApi %s, Stage %s, Resource %s, HttpMethod %s. Limit: %.2f Burst: %d",
				l.api, l.stage, found.ResourceID, l.trace.Method, t.RateLimit, t.BurstLimit)
			break
		}
	}
	l.started = true // as the log has it
}

// method tells of the request as a function's event has it, its maps in Java's way.
func (l *executionLog) method(event json.RawMessage) {
	var request struct {
		PathParameters, QueryStringParameters, Headers map[string]string
		Body                                           string
	}
	if event == nil || json.Unmarshal(event, &request) != nil {
		return
	}
	l.line("Method request path: %s", javaMap(request.PathParameters))
	l.line("Method request query string: %s", javaMap(request.QueryStringParameters))
	l.line("Method request headers: %s", javaMap(request.Headers))
	l.line("Method request body before transformations: %s", request.Body)
}

// javaMap is a map as Java prints it, in an order of names that is always the same.
func javaMap(m map[string]string) string {
	pairs := make([]string, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, name+"="+m[name])
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

func (l *executionLog) sending(found *logged) {
	to := found.Endpoint
	if to == "" {
		to = "function:" + found.Function
	}
	if found.Event == nil {
		found.Event = found.Request
	}
	l.line("Endpoint request body after transformations: %s", found.Event)
	l.line("Sending request to %s", to)
}

func (l *executionLog) integration(s *Step, found *logged) {
	l.started = true
	before := l.at
	l.at = l.at.Add(-s.Duration)
	l.line("Starting execution for request: %s", l.trace.RequestID)
	l.line("HTTP Method: %s, Resource Path: %s", l.trace.Method, l.path) // as it was sent, not the route's
	l.method(found.Event)
	if found.Function != "" || found.Endpoint != "" {
		l.sending(found)
	}
	l.at = before
	if found.Answer == nil {
		found.Answer = found.Response
	}
	if found.Answer != nil {
		l.line("Received response. Integration latency: %d ms", s.Duration.Milliseconds())
		l.line("Endpoint response body before transformations: %s", found.Answer)
	}
	switch s.Code { //nolint:exhaustive // the others are no failures of an integration
	case IntegrationMalformed:
		l.line("Execution failed due to configuration error: Malformed Lambda proxy response")
	case IntegrationTimeout:
		l.line("Execution failed due to a timeout error")
	case IntegrationError:
		l.line("Lambda execution failed with status 200 due to customer function error: %s", found.Error)
	case IntegrationUnreachable:
		l.line("Execution failed due to configuration error: %s", found.Error)
	case IntegrationOK:
		l.line("Successfully completed execution")
	}
}
