package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/internal/event"
	"gatewayd/emulator/policy"
	"gatewayd/emulator/trace"
)

// What a request has that TestInvokeAuthorizer makes up, outside any stage and route. The stage has one name in the method ARN
// and another in the event (rest-authorizer 4.10).
const (
	testStageARN   = "ESTestInvoke-stage"
	testStage      = "test-invoke-stage"
	testResourceID = "test-invoke-resource-id"
	testHost       = "testPrefix.testDomainName"
	testMethod     = "GET"
	testPath       = "/"
	testSourceIP   = "127.0.0.1"           // whoever tests is at this machine
	testAPIKey     = "test-invoke-api-key" // AWS's own word (rest-authorizer 3.13)
)

// AuthorizerTest is what an authorizer is tried with.
type AuthorizerTest struct {
	Headers, Query []event.Pair

	// MethodARN is what the policy is asked about, and what the event names. "" is the one in Event, else that of
	// TestInvokeAuthorizer: …/ESTestInvoke-stage/GET/.
	MethodARN string

	// Event is handed to the function as it is, in place of an event made of the rest; it must be JSON. Identity sources and
	// the validation expression are then left out: they say whether there is an event at all.
	Event []byte
}

// TestedAuthorizer is what came of it.
type TestedAuthorizer struct {
	MethodARN string
	Result    *authorizer.Result // nil when there is a Refusal
	Warnings  []string           // what AWS accepts in the answer, and hardly anybody means
	Verdict   policy.Verdict     // of the result's policy for the method ARN
	Reason    string             // of the verdict
	Hint      string             // why no statement allows, if it is that
	Refusal   *apigw.Error       // why there is no result
	Latency   time.Duration      // of the function, 0 when it was not called
	Log       string             // in the words of API Gateway's execution log
}

// TestAuthorizer runs one authorizer outside any route, as the Test button of AWS's console does. It neither looks for kept
// results nor keeps any. The error is an authorizer that the API does not have.
func (g *Gateway) TestAuthorizer(ctx context.Context, name string, test AuthorizerTest) (TestedAuthorizer, error) {
	d := g.deployment.Load()
	if d == nil || d.authorizers[name] == nil {
		return TestedAuthorizer{}, fmt.Errorf("no authorizer %q", name)
	}
	at := slices.IndexFunc(d.api.Authorizers, func(a apigw.Authorizer) bool { return a.Name == name })
	declared := &d.api.Authorizers[at]
	called := d.functions[declared.Function]

	ids, now := newIDs(g.options.Random), g.options.Now()
	request := testRequest(d, ids, now, test)
	log := newExecutionLog(now, request.ID, g.options.Secrets)
	invoke := g.invoker(called.function, called.arn)
	// Compiled anew, with a store of its own and a look at what is sent.
	tested, err := authorizer.New(declared, d.api.AuthorizerTimeout, func(ctx context.Context, requestID string, payload []byte) ([]byte, error) {
		if test.Event != nil {
			payload = test.Event
		}
		log.sending(called.arn, payload)
		return invoke(ctx, requestID, payload)
	}, authorizer.NewStore())
	if err != nil {
		return TestedAuthorizer{}, err
	}

	out := TestedAuthorizer{MethodARN: request.MethodARN}
	log.starting(apigw.DerivedID(6, d.api.ID, "authorizer", name))
	var id authorizer.Identity
	log.sources = identityIn(test.Event, declared)
	if test.Event == nil {
		id, out.Refusal = tested.Identify(&request)
		log.sources = id.Sources
		log.identity(declared.Type, id.Sources)
	}
	if out.Refusal == nil {
		var call authorizer.Call
		out.Result, call, out.Refusal = tested.WithStrict(g.options.Strict).WithRequestIDs(g.NewRequestID).Call(ctx, &request, id)
		out.Latency = call.Latency
		log.answered(call)
	}
	if out.Result != nil {
		asked := policy.Request{Action: policy.Invoke, Resource: request.MethodARN, Context: conditionContext{&request}}
		var diagnostic policy.Diagnostic
		out.Verdict, diagnostic = out.Result.Policy.Explain(&asked)
		out.Reason = diagnostic.Reason
		out.Warnings = slices.Clone(out.Result.Warnings)
		for _, f := range findings(out.Result.Policy, d.shares(name) && tested.Caches(), request.MethodARN) {
			out.Warnings = append(out.Warnings, inWords(f))
		}
		if out.Verdict == policy.ImplicitDeny {
			out.Hint = notAllowed(diagnostic.Statements)
		}
	}
	log.ended(&out)
	out.Log = log.text.String()
	return out, nil
}

// shares tells whether several routes have an authorizer.
func (d *deployment) shares(name string) bool {
	for i := range d.routes {
		if r := &d.routes[i]; r.sharesAuthorizer && r.authorizer.Name() == name {
			return true
		}
	}
	return false
}

// notAllowed says why the first statements that might have allowed do not apply.
func notAllowed(statements []policy.StatementReport) string {
	const most = 3
	var because []string
	for i := range statements {
		if s := &statements[i]; s.Effect == policy.EffectAllow && len(because) < most {
			because = append(because, fmt.Sprintf("statement %d: %s", s.Index, s.Reason))
		}
	}
	return strings.Join(because, "; ")
}

// testRequest is the request that TestInvokeAuthorizer makes up.
func testRequest(d *deployment, ids *ids, now time.Time, test AuthorizerTest) event.Request {
	stage := d.stage
	stage.Name = testStage
	r := event.Request{
		Stage: &stage, Time: now,
		Method: testMethod, Path: testPath, ContextPath: testPath, Host: testHost, SourceIP: testSourceIP,
		Headers: test.Headers, Query: test.Query, Resource: testPath, ResourceID: testResourceID,
		MethodARN: test.MethodARN, SentAPIKey: testAPIKey,
	}
	r.ID, r.ExtendedID, r.TraceID = ids.ofRequest(identifying{}, now)
	if r.MethodARN == "" {
		r.MethodARN = methodARN(test.Event)
	}
	if r.MethodARN == "" {
		r.MethodARN = d.api.ARN() + "/" + testStageARN + "/" + testMethod + testPath
	}
	return r
}

// identityIn is what an event has for the identity sources of an authorizer, so that its log does not tell it.
func identityIn(payload []byte, a *apigw.Authorizer) []trace.IdentitySource {
	var e struct {
		Token   string            `json:"authorizationToken"`
		Headers map[string]string `json:"headers"`
		Query   map[string]string `json:"queryStringParameters"`
	}
	_ = json.Unmarshal(payload, &e) // of an event of another shape, what can be read
	sources := make([]trace.IdentitySource, len(a.IdentitySources))
	for i, source := range a.IdentitySources {
		sources[i] = trace.IdentitySource{Source: source.String(), Value: e.Query[source.Name]}
		if a.Type == apigw.TokenAuthorizer {
			sources[i].Value = e.Token
			continue
		}
		for name, value := range e.Headers {
			if strings.EqualFold(name, source.Name) {
				sources[i].Value = value
			}
		}
	}
	return sources
}

// methodARN is the one that an event names, "" when it names none.
func methodARN(payload []byte) string {
	var named map[string]json.RawMessage // its keys, unlike a struct's, are compared with case
	var arn string
	if json.Unmarshal(payload, &named) != nil || json.Unmarshal(named["methodArn"], &arn) != nil {
		return ""
	}
	return arn
}
