package policy

import (
	"fmt"
	"strings"
)

// A Diagnostic accounts for every statement of a policy, matched or not.
type Diagnostic struct {
	Decision   Verdict           `json:"decision"`
	Statement  int               `json:"statement"` // the index of the one that decided, -1 for an implicit deny
	Reason     string            `json:"reason"`
	Statements []StatementReport `json:"statements"`
}

// A StatementReport says whether a statement applies and, if not, which of its
// elements kept it from applying, the first in the order Principal, Action,
// Resource, Condition.
type StatementReport struct {
	Index   int    `json:"index"`
	Sid     string `json:"sid"`
	Effect  Effect `json:"effect"`
	Matched bool   `json:"matched"`

	// FailedOn is the element that failed, empty if none did. Pattern is its
	// value that came nearest, as the policy has it, and Value what it was
	// compared with; of a statement that applies, they are the Resource that
	// matched and the method ARN.
	FailedOn Element `json:"failedOn,omitempty"`
	Pattern  string  `json:"pattern,omitempty"`
	Value    string  `json:"value,omitempty"`

	// Offset and PatternOffset are the bytes of Value and Pattern before the
	// two part, where an Action or a Resource failed.
	Offset        int `json:"offset,omitempty"`
	PatternOffset int `json:"patternOffset,omitempty"`

	Reason     string            `json:"reason"` // a sentence
	Rule       Rule              `json:"rule"`
	Conditions []ConditionReport `json:"conditions,omitempty"`
}

// A ConditionReport says how one key under one operator came out.
type ConditionReport struct {
	Operator string   `json:"operator"`
	Key      string   `json:"key"`
	Want     []string `json:"want"`          // the policy's values
	Got      []string `json:"got,omitempty"` // the request's
	Absent   bool     `json:"absent"`        // the request has no such key
	Matched  bool     `json:"matched"`
	Reason   string   `json:"reason"` // a sentence
	Rule     Rule     `json:"rule"`
}

// Explain evaluates the policy as [Policy.Decide] does, but never stops early:
// every element of every statement is looked at and accounted for. The verdict
// and the deciding statement are those of Decide.
func (p *Policy) Explain(r *Request) (Verdict, Diagnostic) {
	d := Diagnostic{Statement: -1, Statements: make([]StatementReport, len(p.statements))}
	for i := range p.statements {
		report := p.explain(&p.statements[i], r)
		report.Index = i
		d.Statements[i] = report
		if !report.Matched {
			continue
		}
		verdict := ExplicitDeny
		if report.Effect == EffectAllow {
			verdict = Allow
		}
		if verdict > d.Decision {
			d.Decision, d.Statement = verdict, i
		}
	}
	d.Reason = p.summary(&d)
	return d.Decision, d
}

// explain looks at one statement.
func (p *Policy) explain(s *statement, r *Request) StatementReport {
	report := StatementReport{Effect: s.effect}
	if s.sid != nil {
		report.Sid = *s.sid
	}
	report.Conditions = explainConditions(s, r.Context)

	action := r.Action
	if action == "" {
		action = Invoke
	}
	switch folded := foldAction(action); {
	case p.resource && !s.principal.coversAnonymous():
		s.principal.blame(&report)
	case !s.actions.applies(folded, nil):
		s.actions.blame(&report, ElementAction, ElementNotAction, action, folded, nil)
	case !s.resources.applies(r.Resource, r.Context):
		s.resources.blame(&report, ElementResource, ElementNotResource, r.Resource, r.Resource, r.Context)
	default:
		if !blameCondition(&report) {
			s.resources.praise(&report, r)
		}
	}
	return report
}

// praise fills in the report of a statement that applies.
func (e *element) praise(report *StatementReport, r *Request) {
	report.Matched = true
	report.Value = r.Resource
	if i := e.index(r.Resource, r.Context); i >= 0 {
		report.Pattern = e.entries[i].pattern.text
		report.Reason = fmt.Sprintf("Resource %q covers the ARN", report.Pattern)
		report.Rule = documented("W1")
		if e.entries[i].pattern.strategy == matchDynamic {
			report.Rule = inferred("D8")
		}
	} else {
		report.Reason = "no NotResource covers the ARN"
		report.Rule = documented("E3")
	}
	if len(report.Conditions) > 0 {
		report.Reason += ", and every condition holds"
	}
}

// blameCondition reports whether a condition failed, and which one first.
func blameCondition(report *StatementReport) bool {
	for i := range report.Conditions {
		c := &report.Conditions[i]
		if c.Matched {
			continue
		}
		report.FailedOn = ElementCondition
		report.Pattern = c.Operator + " " + c.Key + " " + listOf(c.Want)
		report.Value = listOf(c.Got)
		if c.Absent {
			report.Value = "absent"
		}
		report.Reason, report.Rule = c.Reason, c.Rule
		return true
	}
	return false
}

func (p *principal) blame(report *StatementReport) {
	report.FailedOn = p.name()
	report.Pattern = string(appendNode(nil, &p.node))
	report.Value = "anonymous"
	report.Reason = "callers are anonymous to IAM, and only \"*\" covers them"
	if p.not {
		report.Reason = "NotPrincipal covers everyone, anonymous callers too"
	}
	report.Rule = documented("T4")
}

// summary says in a sentence how the verdict came about.
func (p *Policy) summary(d *Diagnostic) string {
	switch d.Decision {
	case Allow:
		return d.name(d.Statement) + " allows the request, and no statement denies it"
	case ExplicitDeny:
		return d.name(d.Statement) + " denies the request, whatever others allow"
	case ImplicitDeny:
	}
	if len(p.statements) == 0 {
		return "the policy has no statements"
	}
	for i := range p.statements {
		if p.statements[i].effect == EffectAllow {
			return "no statement applies to the request"
		}
	}
	return "no statement denies the request, but none could allow it"
}

func (d *Diagnostic) name(index int) string {
	name := fmt.Sprintf("Statement[%d]", index)
	if sid := d.Statements[index].Sid; sid != "" {
		name += fmt.Sprintf(" (Sid %q)", sid)
	}
	return name
}

func listOf(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	return "[" + strings.Join(values, ", ") + "]"
}
