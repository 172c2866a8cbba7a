package control

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"gatewayd/emulator/policy"
)

// PolicyEvaluation is what a policy says about a request, and why. All its keys are always there.
type PolicyEvaluation struct {
	Decision   string              `json:"decision"` // Allow, ImplicitDeny, ExplicitDeny; Invalid: API Gateway would answer 500
	Error      string              `json:"error"`    // of a policy that is Invalid
	Statements []StatementDecision `json:"statements"`
	Findings   []policy.Finding    `json:"findings"`
}

// StatementDecision is whether a statement applies, and if not, the element that kept it from applying.
type StatementDecision struct {
	Index    int            `json:"index"`
	Sid      string         `json:"sid"`
	Effect   policy.Effect  `json:"effect"`
	Matched  bool           `json:"matched"`
	FailedOn policy.Element `json:"failedOn"` // "" when it applies
	Pattern  string         `json:"pattern"`  // of that element what came nearest, or the Resource that matched
	Reason   string         `json:"reason"`
}

// PolicyInvalid is the Decision of a policy that API Gateway cannot use.
const PolicyInvalid = "Invalid"

// EvaluatePolicy evaluates the text of an authorizer's policy. Exactly the condition keys of the request exist.
func EvaluatePolicy(document []byte, request policy.Request) PolicyEvaluation {
	out := PolicyEvaluation{Statements: []StatementDecision{}, Findings: []policy.Finding{}}
	parsed, err := policy.Parse(document)
	if err != nil {
		out.Decision, out.Error = PolicyInvalid, err.Error()
		return out
	}
	verdict, diagnostic := parsed.Explain(&request)
	out.Decision = verdict.String()
	out.Findings = append(out.Findings, parsed.Findings()...)
	for i := range diagnostic.Statements {
		s := &diagnostic.Statements[i]
		out.Statements = append(out.Statements, StatementDecision{s.Index, s.Sid, s.Effect, s.Matched, s.FailedOn, s.Pattern, s.Reason})
	}
	return out
}

// RouteDecision is what a policy says about a route.
type RouteDecision struct {
	Method     string         `json:"method"` // of the route; of an ANY route whose methods differ, one of them
	Path       string         `json:"path"`
	Authorizer string         `json:"authorizer"` // "" when the route is open: no policy is asked
	MethodARN  string         `json:"methodArn"`  // that was evaluated, {petId} being PETID; of ANY, one of its methods
	Decision   policy.Verdict `json:"decision"`
	Reason     string         `json:"reason"`
}

// policyRequest is a policy with what it is asked.
type policyRequest struct {
	Policy    json.RawMessage  `json:"policy"` // the document, or its text
	MethodARN string           `json:"methodArn"`
	Action    string           `json:"action"`
	Context   map[string]texts `json:"context"`
}

// document is the policy's text. What is given as text may be anything.
func (p *policyRequest) document() []byte {
	var text string
	if len(p.Policy) > 0 && p.Policy[0] == '"' && json.Unmarshal(p.Policy, &text) == nil {
		return []byte(text)
	}
	return p.Policy
}

func (p *policyRequest) context() policy.Context { return ConditionContext(p.Context) }

// ConditionContext is a context of these condition keys alone. Those that differ in case only are one.
func ConditionContext[V ~[]string](keys map[string]V) policy.Context {
	folded := policy.MapContext{}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		key := strings.ToLower(name)
		folded[key] = append(folded[key], keys[name]...)
	}
	return folded
}

func (a *api) evaluatePolicy(w http.ResponseWriter, r *http.Request) {
	var asked policyRequest
	if !read(w, r, &asked) {
		return
	}
	if asked.Policy == nil || asked.MethodARN == "" {
		fail(w, http.StatusBadRequest, `want {"policy": a document or its text, "methodArn": "…"}, with or without "action" and "context"`)
		return
	}
	reply(w, http.StatusOK, EvaluatePolicy(asked.document(), policy.Request{
		Action: asked.Action, Resource: asked.MethodARN, Context: asked.context(),
	}))
}

func (a *api) policyMatrix(w http.ResponseWriter, r *http.Request) {
	var asked policyRequest
	if !read(w, r, &asked) {
		return
	}
	if asked.Policy == nil || asked.MethodARN != "" || asked.Action != "" {
		fail(w, http.StatusBadRequest, `want {"policy": a document or its text}, with or without "context"`)
		return
	}
	parsed, err := policy.Parse(asked.document())
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	reply(w, http.StatusOK, a.PolicyMatrix(parsed, asked.context()))
}
