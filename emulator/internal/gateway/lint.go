package gateway

import (
	"fmt"
	"sync"

	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/policy"
)

// oneMethodCached is the finding that needs to know the API: a policy for the one method that was asked for is cached, and
// refuses the other routes of its authorizer.
const oneMethodCached policy.Code = "one-method-cached"

// maxLinted bounds how many policies of an API are looked through: authorizers write all of theirs alike.
const maxLinted = 256

// linter finds what policies hardly mean, once for each kind of finding and authorizer.
type linter struct {
	mu     sync.Mutex
	linted map[string]bool // policies that were looked through
	told   map[string]bool // authorizer and code
}

// warnings looks through the policy of a new result.
func (l *linter) warnings(found *route, result *authorizer.Result, methodARN string) []string {
	if !l.isNew(result.Policy.Source()) {
		return nil
	}
	a := found.authorizer
	var warnings []string
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range findings(result.Policy, found.sharesAuthorizer && a.Caches(), methodARN) {
		if key := a.Name() + " " + string(f.Code); !l.told[key] {
			l.told[key] = true
			warnings = append(warnings, fmt.Sprintf("%s: authorizer %q: %s", a.Source(), a.Name(), inWords(f)))
		}
	}
	return warnings
}

// findings looks through a policy that was answered for a method, and may be kept for other routes.
func findings(p *policy.Policy, keptForOthers bool, methodARN string) []policy.Finding {
	found := p.Findings()
	if keptForOthers && p.OnlyAllows(methodARN) {
		found = append(found, policy.Finding{
			Code: oneMethodCached, Path: "Statement",
			Message: "the policy allows only the method that was asked for, and is cached: the authorizer's other routes will be refused with it",
		})
	}
	return found
}

func inWords(f policy.Finding) string {
	return fmt.Sprintf("policyDocument %s: %s [%s]", f.Path, f.Message, f.Code)
}

func (l *linter) isNew(document string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.linted[document] || len(l.linted) >= maxLinted {
		return false
	}
	l.linted[document] = true
	return true
}
