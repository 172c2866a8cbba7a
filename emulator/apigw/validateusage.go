package apigw

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

func (v *validator) checkAPIKeys() {
	switch v.api.APIKeySource {
	case HeaderKeySource, AuthorizerKeySource:
	default:
		v.reportKey("apiKeySource", "apiKeySource %q must be HEADER or AUTHORIZER", v.api.APIKeySource)
	}
	ids, values := map[string]Position{}, map[string]Position{}
	for i := range v.api.APIKeys {
		key := &v.api.APIKeys[i]
		user := key.title()
		if first, again := ids[key.ID]; again {
			v.report(key.Position, "%s again, first at %s", user, first)
		}
		ids[key.ID] = key.Position
		at := key.ValuePosition
		if at == (Position{}) {
			at = key.Position
		}
		if length := utf8.RuneCountInString(key.Value); length < MinKeyLength || length > MaxKeyLength {
			v.report(at, "%s: a value has from %d to %d characters, not %d", user, MinKeyLength, MaxKeyLength, length)
		} else if strings.ContainsFunc(key.Value, notOfKey) {
			v.report(at, "%s: a value has letters, digits and signs of ASCII only, and no spaces", user)
		}
		if first, again := values[key.Value]; again {
			v.report(at, "%s has the value of the key at %s; each needs its own", user, first)
		}
		values[key.Value] = key.Position
	}
}

// notOfKey reports what cannot be sent in a header, or not be told from the space around its value.
func notOfKey(r rune) bool { return r <= ' ' || r >= 0x7f }

// title is how problems name a key: never by its value.
func (k *APIKey) title() string {
	if k.Name != "" && k.Name != k.ID {
		return fmt.Sprintf("API key %q (%s)", k.ID, k.Name)
	}
	return fmt.Sprintf("API key %q", k.ID)
}

func (v *validator) checkUsagePlans() {
	names, planned := map[string]Position{}, map[*APIKey]string{}
	for i := range v.api.UsagePlans {
		plan := &v.api.UsagePlans[i]
		user := fmt.Sprintf("usage plan %q", plan.Name)
		if plan.Name == "" {
			v.report(plan.Position, "a usage plan needs a name")
		} else if first, again := names[plan.Name]; again {
			v.report(plan.Position, "%s again, first at %s", user, first)
		}
		names[plan.Name] = plan.Position
		for _, reference := range plan.APIKeys {
			v.checkKeyReference(plan, reference, planned)
		}
		if plan.Throttle != nil {
			v.checkThrottle(plan.Throttle, user+": throttle")
		}
		if plan.Quota != nil {
			v.checkQuota(plan.Quota, user)
		}
		v.checkMethodThrottles(plan.Methods, user)
	}
	if throttle := v.api.Throttle; throttle != nil {
		v.checkThrottle(&throttle.Throttle, "throttle")
		v.checkMethodThrottles(throttle.Methods, "throttle")
		if throttle.Account != nil {
			v.checkThrottle(throttle.Account, "throttle.account")
		}
	}
}

// checkKeyReference holds that the key is there, and in no plan yet.
func (v *validator) checkKeyReference(plan *UsagePlan, reference KeyReference, planned map[*APIKey]string) {
	key := v.api.APIKeyNamed(reference.Key)
	if key == nil {
		var names []string
		for i := range v.api.APIKeys {
			names = append(names, v.api.APIKeys[i].ID)
			if name := v.api.APIKeys[i].Name; name != "" {
				names = append(names, name)
			}
		}
		if slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "(") }) {
			return // one that could not be read
		}
		if slices.Contains(names, reference.Key) {
			v.report(reference.Position, "usage plan %q: several API keys have the name %q; give their id", plan.Name, reference.Key)
			return
		}
		v.report(reference.Position, "usage plan %q: no API key %q%s", plan.Name, reference.Key, suggestOrList(reference.Key, names))
		return
	}
	if other, again := planned[key]; again {
		// rest-gateway 6.8.
		v.report(reference.Position, "usage plan %q: %s is in usage plan %q already; on one stage a key is in one plan", plan.Name, key.title(), other)
	}
	planned[key] = plan.Name
}

func (v *validator) checkThrottle(t *Throttle, user string) {
	if !(t.RateLimit >= 0) { // not a number is not either
		v.report(t.Position, "%s: rateLimit must not be negative", user)
	}
	if t.BurstLimit < 0 {
		v.report(t.Position, "%s: burstLimit must not be negative", user)
	}
}

func (v *validator) checkQuota(q *Quota, user string) {
	switch q.Period {
	case Day, Week, Month:
	default:
		v.report(q.Position, "%s: quota: period %q must be DAY, WEEK or MONTH", user, q.Period)
	}
	if q.Limit < 0 || q.Offset < 0 {
		v.report(q.Position, "%s: quota: limit and offset must not be negative", user)
	} else if q.Offset > q.Limit {
		v.report(q.Position, "%s: quota: offset %d is over the limit, %d, from which it is subtracted in the first period", user, q.Offset, q.Limit)
	}
}

func (v *validator) checkMethodThrottles(methods []MethodThrottle, user string) {
	keys := make([]string, len(v.api.Routes))
	for i := range v.api.Routes {
		keys[i] = v.api.Routes[i].Key()
	}
	seen := map[string]Position{}
	for i := range methods {
		m := &methods[i]
		if first, again := seen[m.Route]; again {
			v.report(m.Position, "%s: method %q again, first at %s", user, m.Route, first)
		}
		seen[m.Route] = m.Position
		if !slices.Contains(keys, m.Route) {
			v.report(m.Position, "%s: methods: no route %q%s", user, m.Route, suggestOrList(m.Route, keys))
		}
		v.checkThrottle(&m.Throttle, fmt.Sprintf("%s: method %q", user, m.Route))
	}
}

// findUsage reports keys, plans and routes that are not what somebody meant them to be.
func (v *validator) findUsage() {
	a := v.api
	usable, required := false, map[string]bool{}
	for i := range a.APIKeys {
		key := &a.APIKeys[i]
		if a.UsagePlanOf(key) == nil {
			// rest-gateway 6.2.
			v.report(key.Position, "%s is in no usage plan, so every route that requires a key refuses it", key.title())
		} else if !key.Disabled {
			usable = true
		}
	}
	for i := range a.Routes {
		r := &a.Routes[i]
		if !r.APIKeyRequired {
			continue
		}
		required[r.Key()] = true
		switch {
		case a.APIKeySource == AuthorizerKeySource && a.AuthorizerOf(r) == nil:
			// rest-authorizer 9.6.
			v.report(r.APIKeyPosition, "route %q: with apiKeySource AUTHORIZER the key comes from the authorizer, and the route has none: every request is refused", r.Key())
		case !usable:
			v.report(r.APIKeyPosition, "route %q requires an API key, and no key that is enabled is in a usage plan: every request is refused", r.Key())
		}
	}
	for i := range a.UsagePlans {
		plan := &a.UsagePlans[i]
		if len(required) == 0 {
			// rest-gateway 6.7.
			v.report(plan.Position, "usage plan %q limits nothing: no route says apiKeyRequired: true", plan.Name)
		}
		for _, m := range plan.Methods {
			if len(required) > 0 && !required[m.Route] {
				v.report(m.Position, "usage plan %q: method %q requires no API key, so its throttle limits nothing", plan.Name, m.Route)
			}
		}
		if plan.Quota != nil {
			v.findOffset(plan)
		}
	}
}

// findOffset reports an offset that AWS refuses when a plan is made, as Terraform's provider has it.
func (v *validator) findOffset(plan *UsagePlan) {
	most := map[Period]int{Day: 0, Week: 6, Month: 27}[plan.Quota.Period]
	if plan.Quota.Offset > most {
		v.report(plan.Quota.Position, "usage plan %q: quota: AWS takes an offset of %d at most with period %s", plan.Name, most, plan.Quota.Period)
	}
}
