package policy

import "slices"

// principal is Principal or NotPrincipal. Callers of an emulated API are
// anonymous to IAM, so all that counts is whether everyone is meant.
type principal struct {
	not      bool
	everyone bool // "*" or {"AWS": "*"}
	node     node
}

// coversAnonymous reports whether a caller whom IAM does not know is meant.
// Principals other than everyone never are (iam-policy T4).
func (p *principal) coversAnonymous() bool {
	return p.everyone != p.not
}

// name gives the name that the element has.
func (p *principal) name() Element {
	if p.not {
		return ElementNotPrincipal
	}
	return ElementPrincipal
}

// principal reads the element. An authorizer's policy should have none; there
// only its JSON type counts (iam-policy D11).
func (c *compiler) principal(at path, n *node, not bool) (*principal, error) {
	p := &principal{not: not, everyone: n.kind == kindString && n.text == "*", node: *n}
	if !p.everyone && n.kind != kindObject && (c.policy.resource || n.kind != kindString) {
		return nil, faultf(at, n.offset, `%s is not a principal; allowed are "*" and an object with the keys %s`,
			describe(n), listing(principalKinds()...))
	}
	if !c.policy.resource {
		return p, nil
	}
	for i := range n.members {
		m := &n.members[i]
		here := at.member(m.key)
		if !slices.Contains(principalKinds(), m.key) {
			return nil, faultf(here, m.value.offset, "unknown kind of principal; allowed are %s", listing(principalKinds()...))
		}
		if err := p.names(here, m); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// names checks one member of the map, as in "AWS": ["111122223333", "*"].
func (p *principal) names(at path, m *member) error {
	names := m.value.list
	switch m.value.kind {
	case kindString:
		names = []node{m.value}
	case kindList:
	case kindNull, kindBool, kindNumber, kindObject:
		return wrongType(at, &m.value, "a string or a list of strings")
	}
	for i := range names {
		if names[i].kind != kindString {
			here := at.entry(i)
			return wrongType(here, &names[i], "a string")
		}
		p.everyone = p.everyone || m.key == "AWS" && names[i].text == "*"
	}
	return nil
}

func principalKinds() []string {
	return []string{"AWS", "Federated", "Service", "CanonicalUser"}
}
