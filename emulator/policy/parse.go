package policy

import (
	"fmt"
	"strings"
)

// The values of Version. Policy variables came with the later one.
const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

// Parse reads and compiles the policy of a Lambda authorizer's answer: the
// value of policyDocument. Its error is a [*SyntaxError] when API Gateway
// could not use the policy (iam-policy V1 to V10); everything that it accepts
// but that can hardly be meant is in [Policy.Findings]. Principal is accepted
// and ignored (D11). The text may have up to [MaxBytes] bytes; the policy keeps
// a copy.
func Parse(data []byte) (*Policy, error) {
	return parse(data, &compiler{policy: &Policy{}})
}

// ParseResourcePolicy reads and compiles the resource policy of a REST API,
// where every statement needs a Principal. The short form of a resource,
// execute-api:/stage/METHOD/path, is completed with apiARN, as in
// arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5 (iam-policy R7).
func ParseResourcePolicy(data []byte, apiARN string) (*Policy, error) {
	return parse(data, &compiler{policy: &Policy{resource: true}, apiARN: apiARN})
}

func parse(data []byte, c *compiler) (*Policy, error) {
	c.policy.source = string(data)
	root, err := readDocument(c.policy.source)
	if err != nil {
		return nil, err
	}
	if err := c.document(&root); err != nil {
		return nil, err
	}
	return c.policy, nil
}

// compiler turns nodes into a policy, or says which of them is at fault.
type compiler struct {
	policy    *Policy
	apiARN    string
	variables bool
}

func (c *compiler) document(root *node) error {
	at := make(path, 0, 8)
	if root.kind != kindObject {
		return wrongType(at, root, "an object with Version and Statement")
	}
	var statements *node
	for i := range root.members {
		m := &root.members[i]
		here := at.member(m.key)
		var err error
		switch m.key {
		case "Version":
			c.policy.version, err = readString(here, &m.value)
			if err == nil {
				c.variables = *c.policy.version == version2012
				if !c.variables && *c.policy.version != version2008 {
					err = faultf(here, m.value.offset, "%s is not a version; allowed are %s",
						describe(&m.value), listing(version2012, version2008))
				}
			}
		case "Id":
			c.policy.id, err = readString(here, &m.value)
		case "Statement":
			statements = &m.value
		default:
			err = unknownElement(here, &m.value, m.key, "Version", "Id", "Statement")
		}
		if err != nil {
			return err
		}
	}
	if statements == nil {
		return faultf(at, root.offset, "Statement is missing; a policy is an object with Version and Statement")
	}
	if err := c.statements(at.member("Statement"), statements); err != nil {
		return err
	}
	c.policy.glances = make([]glance, len(c.policy.statements))
	for i := range c.policy.statements {
		c.policy.glances[i] = newGlance(&c.policy.statements[i].resources)
	}
	return nil
}

func (c *compiler) statements(at path, n *node) error {
	switch n.kind {
	case kindObject:
		c.policy.single = true
		c.policy.statements = make([]statement, 1)
		return c.statement(at, n, &c.policy.statements[0])
	case kindList:
		c.policy.statements = make([]statement, len(n.list))
		for i := range n.list {
			here := at.entry(i)
			if err := c.statement(here, &n.list[i], &c.policy.statements[i]); err != nil {
				return err
			}
		}
		return nil
	case kindNull, kindBool, kindNumber, kindString:
	}
	return wrongType(at, n, "a statement or a list of statements")
}

// statement reads one statement (iam-policy G4 to G10).
func (c *compiler) statement(at path, n *node, s *statement) error {
	if n.kind != kindObject {
		return wrongType(at, n, "a statement, which is an object")
	}
	var given elements
	for i := range n.members {
		m := &n.members[i]
		here := at.member(m.key)
		if !given.add(m.key) {
			return unknownElement(here, &m.value, m.key, elementNames()...)
		}
		if err := c.member(here, m, s); err != nil {
			return err
		}
	}
	if err := given.check(at, n, c.policy.resource); err != nil {
		return err
	}
	s.invoke = s.actions.applies(foldedInvoke, nil)
	return nil
}

func (c *compiler) member(at path, m *member, s *statement) (err error) {
	n := &m.value
	switch m.key {
	case "Sid":
		s.sid, err = readString(at, n)
	case "Effect":
		s.effect, err = readEffect(at, n)
	case "Action", "NotAction":
		s.actions, err = c.element(at, n, m.key == "NotAction", compileAction)
	case "Resource", "NotResource":
		s.resources, err = c.element(at, n, m.key == "NotResource", c.resource)
	case "Principal", "NotPrincipal":
		s.principal, err = c.principal(at, n, m.key == "NotPrincipal")
	case "Condition":
		err = c.conditions(at, n, s)
	}
	return err
}

func (c *compiler) resource(text string) pattern {
	if rest, short := strings.CutPrefix(text, shorthand); short && c.policy.resource {
		text = c.apiARN + "/" + rest
	}
	p := compileResource(text, c.variables)
	c.policy.needs = c.policy.needs || p.strategy == matchDynamic
	return p
}

// shorthand begins the short form of a resource in a resource policy.
const shorthand = "execute-api:/"

func readEffect(at path, n *node) (Effect, error) {
	if n.kind == kindString {
		switch n.text {
		case "Allow":
			return EffectAllow, nil
		case "Deny":
			return EffectDeny, nil
		}
	}
	return EffectDeny, faultf(at, n.offset, "%s is not an effect; allowed are %s, written exactly so",
		describe(n), listing("Allow", "Deny"))
}

// element reads a string or a list of strings. A null in a list is accepted
// and matches nothing (iam-policy V22).
func (c *compiler) element(at path, n *node, not bool, compile func(string) pattern) (element, error) {
	e := element{not: not, list: n.kind == kindList}
	switch n.kind {
	case kindString:
		e.entries = []entry{{pattern: compile(n.text)}}
		return e, nil
	case kindList:
		e.entries = make([]entry, len(n.list))
		for i := range n.list {
			switch one := &n.list[i]; one.kind {
			case kindString:
				e.entries[i].pattern = compile(one.text)
			case kindNull:
				e.entries[i] = entry{pattern: never("null"), null: true}
			case kindBool, kindNumber, kindList, kindObject:
				here := at.entry(i)
				return e, wrongType(here, one, "a string")
			}
		}
		return e, nil
	case kindNull, kindBool, kindNumber, kindObject:
	}
	return e, wrongType(at, n, "a string or a list of strings")
}

// conditions reads {operator: {key: value or list of values}} (iam-policy G9).
func (c *compiler) conditions(at path, n *node, s *statement) error {
	if n.kind != kindObject {
		// null, which serializers write for an absent condition, is an error on
		// AWS, too; {} is not (iam-policy V3, V4).
		return wrongType(at, n, "an object of operators; leave Condition out where there is none")
	}
	if len(n.members) == 0 {
		s.hollow = append(s.hollow, "")
	}
	for i := range n.members {
		name, keys := n.members[i].key, &n.members[i].value
		here := at.member(name)
		op, ok := parseOperator(name)
		switch {
		case !ok:
			return faultf(here, keys.offset, "unknown condition operator; %s", operatorHelp)
		case keys.kind != kindObject:
			return wrongType(here, keys, "an object of condition keys")
		case len(keys.members) == 0:
			s.hollow = append(s.hollow, name)
		}
		for j := range keys.members {
			key := &keys.members[j]
			there := here.member(key.key)
			one := condition{operator: op, name: name, key: key.key, lookup: strings.ToLower(key.key)}
			if err := c.values(there, &key.value, &one); err != nil {
				return err
			}
			s.conditions = append(s.conditions, one)
			c.policy.needs = true
		}
	}
	return nil
}

func (c *compiler) values(at path, n *node, one *condition) error {
	switch n.kind {
	case kindString, kindNumber, kindBool:
		one.values = []value{newValue(n, one.operator, c.variables)}
		return nil
	case kindList:
		one.list = true
		one.values = make([]value, len(n.list))
		for i := range n.list {
			if k := n.list[i].kind; k == kindList || k == kindObject {
				here := at.entry(i)
				return wrongType(here, &n.list[i], "a string, a number or a boolean")
			}
			one.values[i] = newValue(&n.list[i], one.operator, c.variables)
		}
		return nil
	case kindNull, kindObject:
	}
	return wrongType(at, n, "a string, a number, a boolean or a list of these")
}

func readString(at path, n *node) (*string, error) {
	if n.kind != kindString {
		return nil, wrongType(at, n, "a string")
	}
	return &n.text, nil
}

func wrongType(at path, n *node, allowed string) *SyntaxError {
	return faultf(at, n.offset, "%s is not allowed; it has to be %s", n.kind, allowed)
}

// describe shows a value that is of the right type or nearly so.
func describe(n *node) string {
	if n.kind == kindString {
		return fmt.Sprintf("%q", n.text)
	}
	return n.kind.String()
}
