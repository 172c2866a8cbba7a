package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Finding is something in a policy that API Gateway accepts, or that is
// taken to be accepted, but that hardly does what its author meant.
type Finding struct {
	Code    Code   `json:"code"`
	Message string `json:"message"` // a sentence
	Path    string `json:"path"`    // as in Statement[0].Resource[2]
}

// longestDocument is how many characters a resource policy may have, and an
// authorizer's whole answer where a limit is documented (iam-policy L3, L4).
const longestDocument = 8192

// Findings looks through the whole policy, in the order of its statements.
func (p *Policy) Findings() []Finding {
	l := linter{policy: p}
	top := make(path, 0, 8)
	if p.version == nil {
		l.add(MissingVersion, top.member("Version"),
			"there is no Version, which means %s: policy variables are plain text; write %q", version2008, version2012)
	}
	at := top.member("Statement")
	if n := utf8.RuneCountInString(p.source); n > longestDocument {
		l.add(DocumentTooLong, at, "the policy has %d characters; API Gateway documents %d as the most that it takes", n, longestDocument)
	}
	if len(p.statements) == 0 {
		l.add(EmptyStatementList, at, "a policy without statements allows nothing")
	}
	for i := range p.statements {
		here := at
		if !p.single {
			here = at.entry(i)
		}
		l.statement(here, i)
	}
	return l.findings
}

// OnlyAllows reports whether arn is the one resource on which the policy can
// allow execute-api:Invoke. Such a policy, cached for an identity, refuses the
// identity's requests to every other route of the authorizer (iam-policy P5).
func (p *Policy) OnlyAllows(arn string) bool {
	found := false
	for i := range p.statements {
		s := &p.statements[i]
		if s.effect == EffectDeny || !s.invoke {
			continue
		}
		if s.resources.not {
			return false
		}
		for j := range s.resources.entries {
			switch one := &s.resources.entries[j].pattern; {
			case one.strategy == matchNever:
			case one.strategy != matchExact || one.head != arn:
				return false
			default:
				found = true
			}
		}
	}
	return found
}

// linter collects findings.
type linter struct {
	policy   *Policy
	findings []Finding
}

func (l *linter) add(code Code, at path, format string, args ...any) {
	l.findings = append(l.findings, Finding{Code: code, Message: fmt.Sprintf(format, args...), Path: at.String()})
}

func (l *linter) statement(at path, index int) {
	s := &l.policy.statements[index]
	if s.sid != nil {
		l.sid(at.member("Sid"), index)
	}
	if s.principal != nil {
		l.principal(at.member(string(s.principal.name())), s)
	}
	l.actions(at.member(string(s.actions.name(ElementAction, ElementNotAction))), &s.actions)
	l.resources(at.member(string(s.resources.name(ElementResource, ElementNotResource))), s)
	l.conditions(at.member(string(ElementCondition)), s)
}

func (l *linter) sid(at path, index int) {
	sid := *l.policy.statements[index].sid
	for i := range index {
		if other := l.policy.statements[i].sid; other != nil && *other == sid {
			l.add(DuplicateSid, at, "Statement[%d] has the Sid %q, too; IAM refuses that", i, sid)
			break
		}
	}
	if strings.ContainsFunc(sid, func(r rune) bool { return unusualInPath(r) || strings.ContainsRune(":/_-$", r) }) {
		l.add(SidCharacters, at, "the Sid %q has characters other than letters and digits; IAM refuses that", sid)
	}
	if strings.Contains(sid, "${") {
		l.placement(at, "a Sid")
	}
}

func (l *linter) principal(at path, s *statement) {
	p := s.principal
	if !l.policy.resource {
		l.add(PrincipalIgnored, at, "the policy of an authorizer is about its one caller; %s is ignored", p.name())
		return
	}
	if p.not && s.effect == EffectAllow {
		l.add(NotPrincipalAllows, at, "an Allow with NotPrincipal allows everybody else; AWS discourages and mostly refuses it")
	}
	if !p.not && !p.everyone {
		l.add(PrincipalNamed, at, `callers of a method without AWS_IAM are anonymous; only "*" covers them`)
	}
	for i := range p.node.members {
		m := &p.node.members[i]
		names := m.value.list
		if m.value.kind == kindString {
			names = []node{m.value}
		}
		for j := range names {
			here := at.member(m.key)
			if m.value.kind == kindList {
				here = here.entry(j)
			}
			if text := names[j].text; text != "*" && strings.ContainsAny(text, "*?") {
				l.add(PrincipalWildcard, here, "a wildcard cannot be part of a principal; %q names nobody", text)
			}
			if strings.Contains(names[j].text, "${") {
				l.placement(here, "a Principal")
			}
		}
	}
}

func (l *linter) placement(at path, where string) {
	l.add(VariablePlacement, at, "policy variables are plain text in %s", where)
}

// each calls f for the values of an element that are not null.
func (l *linter) each(at path, e *element, f func(at path, p *pattern)) {
	for i := range e.entries {
		here := at
		if e.list {
			here = at.entry(i)
		}
		if e.entries[i].null {
			l.add(NullInList, here, "null covers nothing")
			continue
		}
		f(here, &e.entries[i].pattern)
	}
}

// covers says what an empty list does.
func (e *element) covers() string {
	if e.not {
		return "an empty list excludes nothing, so the statement is about everything"
	}
	return "an empty list covers nothing, so the statement never applies"
}

func (l *linter) actions(at path, e *element) {
	if len(e.entries) == 0 {
		l.add(EmptyActionList, at, "%s", e.covers())
	}
	l.each(at, e, func(at path, p *pattern) {
		if strings.Contains(p.text, "${") {
			l.placement(at, "an Action")
		}
		switch known := coversKnownAction(p); {
		case p.strategy == matchNever:
			l.add(ActionFormat, at, "%q is not an action: write * or service:name, with one colon", p.text)
		case !known && strings.TrimSpace(p.text) != p.text:
			l.add(ActionSpace, at, "there is a space around %q, so it covers nothing", p.text)
		case !known:
			l.add(ActionUnknown, at, "%q covers none of execute-api's actions, which are %s", p.text, listing(knownActions()...))
		}
	})
}

// knownActions lists the actions of execute-api (iam-policy A1).
func knownActions() []string {
	return []string{Invoke, "execute-api:InvalidateCache", "execute-api:ManageConnections"}
}

func coversKnownAction(p *pattern) bool {
	for _, action := range knownActions() {
		if p.matches(foldAction(action), nil) {
			return true
		}
	}
	return false
}
