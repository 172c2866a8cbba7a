package policy

// condition is one key under one operator, with the values that it is
// compared with.
type condition struct {
	operator
	name   string // the operator as written
	key    string // as written
	lookup string // the key in lower case (iam-policy C2)
	values []value
	list   bool // the values were written as a list
}

// cause is which rule decided a condition.
type cause uint8

const (
	causeCompared       cause = iota // C1: the values
	causeAbsent                      // C3: no such key, a positive operator
	causeAbsentNegated               // C3: no such key, a negated operator
	causeAbsentIfExists              // C4
	causeNull                        // C5
	causeUnreadable                  // C6: the request's value is of the wrong type
	causeNoValues                    // C8: the policy lists no values
	causeEmptyForAll                 // C70: ForAllValues without a request value
	causeEmptyForAny                 // C70: ForAnyValue without a request value
	causeForAll                      // C70, C71
	causeForAny                      // C70, C71
	causeManyValues                  // C72: several request values, no set operator
	causeNullQualified               // C73
	causeUnresolved                  // X6: no value for a variable in the policy's value
)

// evaluate decides the condition for a request. It is the one place that
// knows the rules of absence, negation and sets; Decide and Explain share it.
func (c *condition) evaluate(ctx Context) (bool, cause) {
	if c.family == familyNull {
		return c.evaluateNull(ctx)
	}
	got := lookup(ctx, c.lookup)
	if c.set != oneValue {
		return c.evaluateSet(got, ctx)
	}
	switch {
	case len(got) == 0 && c.ifExists:
		return true, causeAbsentIfExists
	case len(c.values) == 0:
		// IfExists with an empty list matches an absent key only (iam-policy C8).
		return c.negated && !c.ifExists, causeNoValues
	case len(got) == 0 && c.negated:
		return true, causeAbsentNegated
	case len(got) == 0:
		return false, causeAbsent
	case len(got) > 1:
		return false, causeManyValues
	}
	return c.test(got[0], ctx)
}

// evaluateNull asks whether the key is absent; an empty value counts as null.
func (c *condition) evaluateNull(ctx Context) (bool, cause) {
	switch c.set {
	case forAllValues:
		return true, causeNullQualified
	case forAnyValue:
		return false, causeNullQualified
	case oneValue:
	}
	if len(c.values) == 0 {
		return false, causeNoValues
	}
	null := isNull(lookup(ctx, c.lookup))
	for i := range c.values {
		if v := &c.values[i]; v.valid && v.truth == null {
			return true, causeNull
		}
	}
	return false, causeNull
}

// evaluateSet tests each request value by itself, also with a negated
// operator, then asks for all or any (iam-policy C70, C71).
func (c *condition) evaluateSet(got []string, ctx Context) (bool, cause) {
	all := c.set == forAllValues
	switch {
	case isNull(got) && all:
		return true, causeEmptyForAll
	case isNull(got):
		return false, causeEmptyForAny // also with IfExists
	case len(c.values) == 0:
		return false, causeNoValues
	}
	why := causeForAny
	if all {
		why = causeForAll
	}
	for _, one := range got {
		if matched, _ := c.test(one, ctx); matched != all {
			return !all, why
		}
	}
	return all, why
}

// isNull reports a key that is absent or whose only value is empty: what IAM
// calls a null data set.
func isNull(values []string) bool {
	return len(values) == 0 || len(values) == 1 && values[0] == ""
}

// test compares one request value with the policy's values: one of them must
// hold, or none with a negated operator (iam-policy C1).
func (c *condition) test(got string, ctx Context) (bool, cause) {
	var a subject
	if !a.read(c.family, got) {
		return false, causeUnreadable
	}
	why := causeCompared
	for i := range c.values {
		v := &c.values[i]
		if !v.valid {
			continue // a value of the wrong type never matches (iam-policy C6)
		}
		if v.matches(c.operator, &a, ctx) {
			return !c.negated, causeCompared
		}
		if v.pattern != nil && v.pattern.strategy == matchDynamic && !v.pattern.resolvable(ctx) {
			why = causeUnresolved
		}
	}
	return c.negated, why
}
