package policy

import "strings"

// A Confidence is how sure it is that AWS does what a rule says.
type Confidence uint8

// The confidences, from weakest to strongest.
const (
	Inferred   Confidence = iota // from what is documented or observed elsewhere
	Observed                     // on AWS, by somebody who reported it
	Documented                   // by AWS
)

// String gives the confidence in lower case.
func (c Confidence) String() string {
	switch c {
	case Observed:
		return "observed"
	case Documented:
		return "documented"
	case Inferred:
	}
	return "inferred"
}

// MarshalText gives the confidence in lower case.
func (c Confidence) MarshalText() ([]byte, error) {
	return []byte(c.String()), nil
}

// A Rule is what decided a condition or an element: a rule of the project's
// description of the policy language, as in C3, and how sure that one is.
type Rule struct {
	ID         string     `json:"id"`
	Confidence Confidence `json:"confidence"`
}

func documented(id string) Rule { return Rule{id, Documented} }
func observed(id string) Rule   { return Rule{id, Observed} }
func inferred(id string) Rule   { return Rule{id, Inferred} }

// rule gives the rule behind what decided a condition.
func (c *condition) rule(why cause, got []string) Rule {
	switch why {
	case causeAbsent, causeAbsentNegated:
		return documented("C3")
	case causeAbsentIfExists:
		return documented("C4")
	case causeNull:
		return documented("C5")
	case causeUnreadable:
		if c.family == familyARN {
			return observed("C6")
		}
		return inferred("C6")
	case causeNoValues:
		if c.set != oneValue || c.ifExists {
			return documented("C8")
		}
		return inferred("C8")
	case causeEmptyForAll, causeEmptyForAny:
		return documented("C70")
	case causeForAll, causeForAny:
		if c.negated {
			return documented("C71")
		}
		return documented("C70")
	case causeManyValues:
		return observed("C72")
	case causeNullQualified:
		return documented("C73")
	case causeUnresolved:
		return documented("X6")
	case causeCompared:
	}
	return c.comparison(got[0])
}

// comparison gives the rule by which the operator compares two values, the
// least certain one that is involved.
func (c *condition) comparison(got string) Rule {
	for i := range c.values {
		if !c.values[i].valid {
			return inferred("C6")
		}
	}
	switch c.family {
	case familyString:
		switch c.relation {
		case relationLike:
			return documented("C11")
		case relationIgnoreCase:
			return observed("C10")
		case relationEqual, relationLess, relationLessOrEqual, relationGreater, relationGreaterOrEqual:
		}
		return documented("C10")
	case familyNumeric:
		return documented("C20")
	case familyDate:
		if fraction(got) {
			return observed("C33")
		}
		return documented("C30")
	case familyBool:
		return documented("C40")
	case familyBinary:
		return documented("C41")
	case familyIP:
		if c.strangeFamily(got) {
			return inferred("C52")
		}
		return documented("C50")
	case familyARN, familyNull: // of Null the rule is always C5 or C8
	}
	return documented("C60")
}

// fraction reports a date that is more precise than what IAM compares.
func fraction(date string) bool {
	return strings.Contains(date, ".")
}

// strangeFamily reports an address of whose family the policy has no network.
func (c *condition) strangeFamily(got string) bool {
	address, _ := parseAddress(got)
	for i := range c.values {
		if c.values[i].network.Addr().Is4() == address.Is4() {
			return false
		}
	}
	return true
}
