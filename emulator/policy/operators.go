package policy

import "strings"

// family is what an operator compares its values as.
type family uint8

const (
	familyString family = iota
	familyNumeric
	familyDate
	familyBool
	familyBinary
	familyIP
	familyARN
	familyNull
)

// String names a value of the family, as in "not a number".
func (f family) String() string {
	switch f {
	case familyNumeric:
		return "a number"
	case familyDate:
		return "a date"
	case familyBool, familyNull:
		return "true or false"
	case familyBinary:
		return "base64"
	case familyIP:
		return "an IP address"
	case familyARN:
		return "an ARN"
	case familyString:
	}
	return "a string"
}

// relation is what must hold between a request value and a policy value.
type relation uint8

const (
	relationEqual relation = iota
	relationLess
	relationLessOrEqual
	relationGreater
	relationGreaterOrEqual
	relationLike       // strings with wildcards
	relationIgnoreCase // strings
)

// quantifier is a set operator: the prefix of an operator's name.
type quantifier uint8

const (
	oneValue quantifier = iota
	forAllValues
	forAnyValue
)

// operator is a condition operator taken apart. A negated one is the other's
// negation for each single request value, never for a whole set (iam-policy C71).
type operator struct {
	family   family
	relation relation
	negated  bool
	ifExists bool
	set      quantifier
}

// parseOperator reads an operator's name, which is exact (iam-policy C2).
// NullIfExists does not exist, neither does a second colon (V10).
func parseOperator(name string) (operator, bool) {
	set := oneValue
	if prefix, rest, found := strings.Cut(name, ":"); found {
		switch prefix {
		case "ForAllValues":
			set = forAllValues
		case "ForAnyValue":
			set = forAnyValue
		default:
			return operator{}, false
		}
		name = rest
	}
	base, ifExists := strings.CutSuffix(name, "IfExists")
	op, ok := baseOperator(base)
	if !ok || ifExists && op.family == familyNull {
		return operator{}, false
	}
	op.set, op.ifExists = set, ifExists
	return op, true
}

func baseOperator(name string) (operator, bool) {
	switch name {
	case "StringEquals":
		return operator{family: familyString}, true
	case "StringNotEquals":
		return operator{family: familyString, negated: true}, true
	case "StringEqualsIgnoreCase":
		return operator{family: familyString, relation: relationIgnoreCase}, true
	case "StringNotEqualsIgnoreCase":
		return operator{family: familyString, relation: relationIgnoreCase, negated: true}, true
	case "StringLike":
		return operator{family: familyString, relation: relationLike}, true
	case "StringNotLike":
		return operator{family: familyString, relation: relationLike, negated: true}, true
	case "Bool":
		return operator{family: familyBool}, true
	case "BinaryEquals":
		return operator{family: familyBinary}, true
	case "IpAddress":
		return operator{family: familyIP}, true
	case "NotIpAddress":
		return operator{family: familyIP, negated: true}, true
	case "ArnEquals", "ArnLike": // the same (iam-policy C60)
		return operator{family: familyARN}, true
	case "ArnNotEquals", "ArnNotLike":
		return operator{family: familyARN, negated: true}, true
	case "Null":
		return operator{family: familyNull}, true
	}
	if rest, ok := strings.CutPrefix(name, "Numeric"); ok {
		return orderedOperator(familyNumeric, rest)
	}
	if rest, ok := strings.CutPrefix(name, "Date"); ok {
		return orderedOperator(familyDate, rest)
	}
	return operator{}, false
}

func orderedOperator(f family, relation string) (operator, bool) {
	op := operator{family: f}
	switch relation {
	case "Equals":
	case "NotEquals":
		op.negated = true
	case "LessThan":
		op.relation = relationLess
	case "LessThanEquals":
		op.relation = relationLessOrEqual
	case "GreaterThan":
		op.relation = relationGreater
	case "GreaterThanEquals":
		op.relation = relationGreaterOrEqual
	default:
		return operator{}, false
	}
	return op, true
}

// operatorHelp is the part of an error that says which operators there are.
const operatorHelp = `allowed are StringEquals, StringNotEquals, StringEqualsIgnoreCase, StringNotEqualsIgnoreCase, StringLike, ` +
	`StringNotLike, Numeric and Date each with Equals, NotEquals, LessThan, LessThanEquals, GreaterThan and GreaterThanEquals, ` +
	`Bool, BinaryEquals, IpAddress, NotIpAddress, ArnEquals, ArnNotEquals, ArnLike, ArnNotLike and Null, ` +
	`with ForAllValues: or ForAnyValue: before and, except Null, IfExists after`

// holds reports whether an order of request value and policy value satisfies
// the relation.
func (r relation) holds(order int) bool {
	switch r {
	case relationLess:
		return order < 0
	case relationLessOrEqual:
		return order <= 0
	case relationGreater:
		return order > 0
	case relationGreaterOrEqual:
		return order >= 0
	case relationEqual, relationLike, relationIgnoreCase:
	}
	return order == 0
}
