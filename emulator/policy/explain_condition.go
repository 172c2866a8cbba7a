package policy

import (
	"fmt"
	"strings"
)

// explainConditions evaluates every condition of a statement.
func explainConditions(s *statement, ctx Context) []ConditionReport {
	var reports []ConditionReport
	for i := range s.conditions {
		c := &s.conditions[i]
		got := lookup(ctx, c.lookup)
		report := ConditionReport{
			Operator: c.name,
			Key:      c.key,
			Want:     make([]string, len(c.values)),
			Got:      append([]string(nil), got...),
			Absent:   len(got) == 0,
		}
		for j := range c.values {
			report.Want[j] = c.values[j].text
		}
		var why cause
		report.Matched, why = c.evaluate(ctx)
		report.Rule = c.rule(why, got)
		report.Reason = c.reason(why, &report)
		reports = append(reports, report)
	}
	return reports
}

// reason puts into words what decided a condition.
func (c *condition) reason(why cause, r *ConditionReport) string {
	switch why {
	case causeAbsent:
		return fmt.Sprintf("the request has no %s, so %s does not hold", c.key, c.name)
	case causeAbsentNegated:
		return fmt.Sprintf("the request has no %s, and the negated %s holds without one", c.key, c.name)
	case causeAbsentIfExists:
		return fmt.Sprintf("the request has no %s, and %s holds without one", c.key, c.name)
	case causeNull:
		return c.nullReason(r)
	case causeUnreadable:
		return fmt.Sprintf("the request's %s %s is not %s, so %s does not hold", c.key, listOf(r.Got), c.family, c.name)
	case causeNoValues:
		return fmt.Sprintf("%s lists no values for %s, so it %s", c.name, c.key, holds(r.Matched))
	case causeEmptyForAll:
		return fmt.Sprintf("the request has no %s, and ForAllValues holds without one", c.key)
	case causeEmptyForAny:
		return fmt.Sprintf("the request has no %s, and ForAnyValue needs one", c.key)
	case causeForAll, causeForAny:
		return c.setReason(r)
	case causeManyValues:
		return fmt.Sprintf("%s has %d values; without ForAllValues or ForAnyValue %s does not hold", c.key, len(r.Got), c.name)
	case causeNullQualified:
		if r.Matched {
			return c.name + " holds for every request"
		}
		return c.name + " holds for no request"
	case causeUnresolved:
		return fmt.Sprintf("a variable in %s has no value, so nothing equals it and %s %s", listOf(r.Want), c.name, holds(r.Matched))
	case causeCompared:
	}
	text := fmt.Sprintf("%s %s against %s: %s %s", c.key, listOf(r.Got), listOf(r.Want), c.name, holds(r.Matched))
	if c.family == familyDate && fraction(r.Got[0]) {
		text += "; fractions of a second are cut off"
	}
	return text
}

func (c *condition) nullReason(r *ConditionReport) string {
	state := "has"
	if isNull(r.Got) {
		state = "has no"
	}
	return fmt.Sprintf("the request %s %s, so Null %s %s", state, c.key, strings.ToLower(listOf(r.Want)), holds(r.Matched))
}

func (c *condition) setReason(r *ConditionReport) string {
	who := "some value of"
	switch {
	case c.set == forAllValues && r.Matched:
		who = "every value of"
	case c.set == forAllValues:
		who = "not every value of"
	case !r.Matched:
		who = "no value of"
	}
	return fmt.Sprintf("%s %s %s satisfies %s %s", who, c.key, listOf(r.Got), c.name, listOf(r.Want))
}

func holds(matched bool) string {
	if matched {
		return "holds"
	}
	return "does not hold"
}
