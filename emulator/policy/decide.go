package policy

import "strings"

// Decide evaluates the policy for a request. It gives the verdict and the
// index of the statement that decided: the first Deny that applies, else the
// first Allow that applies, else -1 for an implicit deny. The order of the
// statements never changes the verdict (iam-policy E2). It does not allocate,
// except to fold an action that is not one of API Gateway's.
func (p *Policy) Decide(r *Request) (Verdict, int) {
	action := foldAction(r.Action)
	allowed := -1
	for i := range p.statements {
		if !p.glances[i].passes(r.Resource) {
			continue
		}
		s := &p.statements[i]
		if s.effect == EffectAllow && allowed >= 0 || !p.applies(s, action, r) {
			continue
		}
		if s.effect == EffectDeny {
			return ExplicitDeny, i
		}
		allowed = i
	}
	if allowed >= 0 {
		return Allow, allowed
	}
	return ImplicitDeny, -1
}

// applies reports whether all parts of a statement match (iam-policy E1).
func (p *Policy) applies(s *statement, action string, r *Request) bool {
	if p.resource && !s.principal.coversAnonymous() {
		return false
	}
	if action == foldedInvoke {
		if !s.invoke {
			return false
		}
	} else if !s.actions.applies(action, nil) {
		return false
	}
	if !s.resources.applies(r.Resource, r.Context) {
		return false
	}
	for i := range s.conditions {
		if matched, _ := s.conditions[i].evaluate(r.Context); !matched {
			return false
		}
	}
	return true
}

// glance is one byte that a method ARN has to have for a statement to apply.
// Side by side they tell, without a look at the statements, which of hundreds
// are worth one.
type glance struct {
	at   int // -1: the statement is always worth a look
	char byte
}

// newGlance takes the last byte of the text before the first wildcard. A slash
// says little, as it comes after every name.
func newGlance(e *element) glance {
	if e.not || len(e.entries) != 1 {
		return glance{at: -1}
	}
	head := strings.TrimRight(e.entries[0].pattern.head, "/")
	if head == "" {
		return glance{at: -1}
	}
	return glance{at: len(head) - 1, char: head[len(head)-1]}
}

func (g glance) passes(resource string) bool {
	return g.at < 0 || g.at < len(resource) && resource[g.at] == g.char
}
