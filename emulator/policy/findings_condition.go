package policy

import (
	"net/netip"
	"slices"
	"strings"
)

func (l *linter) conditions(at path, s *statement) {
	for _, name := range s.hollow {
		here := at
		if name != "" {
			here = at.member(name)
		}
		l.add(EmptyCondition, here, "an empty object is no condition: it always holds")
	}
	for i := range s.conditions {
		c := &s.conditions[i]
		here := at.member(c.name).member(c.key)
		l.condition(here, s, c)
		for j := range i {
			if other := &s.conditions[j]; other.name == c.name && other.lookup == c.lookup {
				l.add(DuplicateKey, here, "keys are case-insensitive, so this is the same key as %q; IAM refuses that", other.key)
			}
		}
	}
}

// condition looks at one key under one operator.
func (l *linter) condition(at path, s *statement, c *condition) {
	switch {
	case c.family == familyNull && c.set != oneValue:
		l.add(NullQualified, at, "with a set operator Null no longer tests the key: ForAllValues:Null always holds, ForAnyValue:Null never")
	case c.set == forAllValues && s.effect == EffectAllow:
		l.add(ForAllValuesAllows, at, "ForAllValues holds without the key, too, so this allows requests that have no %s; add a Null condition", c.key)
	}
	if len(c.values) == 0 {
		l.add(EmptyConditionValues, at, "the list of values is empty: %s", c.emptyList())
	}
	l.key(at, c)
	for i := range c.values {
		here := at
		if c.list {
			here = at.entry(i)
		}
		l.value(here, c, &c.values[i])
	}
}

// emptyList says when a condition without values holds (iam-policy C8).
func (c *condition) emptyList() string {
	switch {
	case c.set == forAllValues, c.ifExists && c.set == oneValue:
		return "the condition holds only without the key"
	case c.negated && c.set == oneValue:
		return "the condition always holds"
	}
	return "the condition never holds"
}

// key compares with the table of keys (iam-policy 9.1).
func (l *linter) key(at path, c *condition) {
	families, presence := knownKey(c.lookup)
	switch presence {
	case keyUnknown:
		l.add(KeyAbsent, at, "API Gateway has no condition key %q", c.key)
	case keyIAM:
		l.add(KeyAbsent, at, "%s is set for requests signed by IAM callers only", c.key)
	case keyPresent:
	}
	if len(families) > 0 && c.family != familyNull && !slices.Contains(families, c.family) {
		l.add(KeyOperator, at, "%s is %s, which %s does not compare", c.key, families[0], c.name)
	}
}

type keyPresence uint8

const (
	keyUnknown keyPresence = iota
	keyPresent             // for any caller, if perhaps not always
	keyIAM                 // for a caller with an IAM identity
)

// knownKey gives what a key's values are and who has them.
func knownKey(lookup string) ([]family, keyPresence) {
	switch lookup {
	case "aws:currenttime":
		return []family{familyDate}, keyPresent
	case "aws:epochtime":
		return []family{familyDate, familyNumeric}, keyPresent
	case "aws:securetransport":
		return []family{familyBool}, keyPresent
	case "aws:sourceip", "aws:vpcsourceip":
		return []family{familyIP}, keyPresent
	case "aws:useragent", "aws:referer", "aws:sourcevpc", "aws:sourcevpce":
		return []family{familyString}, keyPresent
	case "aws:sourcearn", "execute-api:viadomainarn":
		return []family{familyARN, familyString}, keyPresent
	case "aws:principalarn":
		return []family{familyARN, familyString}, keyIAM
	case "aws:tokenissuetime":
		return []family{familyDate}, keyIAM
	case "aws:multifactorauthpresent":
		return []family{familyBool}, keyIAM
	case "aws:multifactorauthage":
		return []family{familyNumeric}, keyIAM
	case "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:principaltype", "aws:userid", "aws:username":
		return []family{familyString}, keyIAM
	}
	if strings.HasPrefix(lookup, "aws:principaltag/") {
		return []family{familyString}, keyIAM
	}
	return nil, keyUnknown
}

// value looks at one value of a condition.
func (l *linter) value(at path, c *condition, v *value) {
	switch {
	case v.kind == kindNull:
		l.add(NullInList, at, "null equals nothing")
		return
	case v.pattern == nil && strings.Contains(v.text, "${"):
		l.placement(at, "a value of "+c.name)
	case v.pattern != nil:
		l.variables(at, v.pattern)
	}
	if !v.valid {
		l.add(ValueType, at, "%q is not %s, so it never matches", v.text, c.family)
		return
	}
	switch {
	case c.family == familyIP:
		l.network(at, c, v)
	case c.family == familyString && c.relation != relationLike && wildcards(v.text):
		l.add(WildcardWithoutLike, at, "in %s * and ? are plain characters; StringLike has wildcards", c.name)
	}
}

// wildcards reports a star or question mark that is not written as ${*} or ${?}.
func wildcards(text string) bool {
	return strings.ContainsAny(strings.NewReplacer("${*}", "", "${?}", "").Replace(text), "*?")
}

func (l *linter) network(at path, c *condition, v *value) {
	address := v.network.Addr()
	if c.lookup == "aws:sourceip" && (address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast()) {
		l.add(AddressPrivate, at, "aws:SourceIp is the caller's public address; on AWS %q never equals it", v.text)
	}
	written, err := netip.ParsePrefix(v.text)
	switch {
	case err != nil && address.Is6():
		l.add(AddressPrefix, at, "AWS documents no prefix length for an IPv6 address without one; write %q", v.text+"/128")
	case err == nil && written != written.Masked():
		l.add(AddressHostBits, at, "bits after the mask are ignored; write %q", written.Masked())
	}
}
