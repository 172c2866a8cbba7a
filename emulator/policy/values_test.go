package policy_test

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"gatewayd/emulator/policy"
)

// holds reports whether a condition on k holds for a value of the request.
func holds(tb testing.TB, operator, want, got string) bool {
	tb.Helper()
	p := mustParse(tb, allowCondition(fmt.Sprintf(`{%q:{"k":%q}}`, operator, want)))
	verdict, _ := p.Decide(&policy.Request{Context: policy.MapContext{"k": {got}}})
	return verdict == policy.Allow
}

func TestNumbersCompareAsRationals(t *testing.T) {
	t.Parallel()
	numbers := []string{
		"0", "-0", "0.0", "1", "+1", "1.0", "01", "-1", "10", "9", "99", "100", "1e2", "1E+2", "1.5e1", "15", "150e-1", "0.5", "0.05", "5e-2", "0.0500",
		"9007199254740992", "9007199254740993", "9007199254740992.0000000001", "-9007199254740993", "1e999", "1e-999", "123.456", "123.4560", "123.4561",
	}
	for _, want := range numbers {
		for _, got := range numbers {
			a, _ := new(big.Rat).SetString(got)
			b, _ := new(big.Rat).SetString(want)
			order := a.Cmp(b)
			for operator, expected := range map[string]bool{
				"NumericEquals": order == 0, "NumericNotEquals": order != 0,
				"NumericLessThan": order < 0, "NumericLessThanEquals": order <= 0,
				"NumericGreaterThan": order > 0, "NumericGreaterThanEquals": order >= 0,
			} {
				if holds(t, operator, want, got) != expected {
					t.Errorf("%s %s %s: want %v", got, operator, want, expected)
				}
			}
		}
	}
}

// A request value of the wrong type matches no operator, a policy value of the
// wrong type equals nothing (iam-policy C6).
func TestNotValues(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"Numeric": {"", "-", "+", ".", "1.", ".5", "1.2.3", " 1", "1 ", "0x1", "NaN", "Infinity", "1_000", "1,5", "1e", "1e+", "1ex", "1e1000000", "e1", "--1", "12abc"},
		"Date": {
			"", "-", "T", "now", "2026-", "2026-1-", "2026-01-01T00:00:00X", "2026-01-01T00:00:00+1", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+24:00",
			"2026-01-01T00:00:00+00:60", "2026-01-01T00:00:00+00:", "2026-01-01T24:00", "2026-01-01T00:60", "2026-01-01T00:00:60", "2026-01-01T00:00:00.", "2026-01-01T00:00:00.1234567890",
			"2026-13-01", "2026-00-01", "2026-01-32", "2026-02-29", "2026-01-01 00:00:00", "2026-W01-1", "-292275055", "292278994-01", "1234567890-01", "1767225600.5", "1e9", "9223372036854775808",
			"2026-*",
		},
		"Ip":  {"", "a", "203.0.113", "203.0.113.256", "203.0.113.01", "203.0.113.7:80", "1::2::3"},
		"Arn": {"", "a", "arn", "arn:aws:s3", "arn:aws:s3::b", "a:b:c:d:e:f"},
	}
	names := map[string][3]string{ // the operator, its negation, a good value
		"Numeric": {"NumericEquals", "NumericNotEquals", "1"},
		"Date":    {"DateEquals", "DateNotEquals", "1"},
		"Ip":      {"IpAddress", "NotIpAddress", "203.0.113.7"},
		"Arn":     {"ArnLike", "ArnNotLike", "arn:aws:s3:::b"},
	}
	for family, bad := range tests {
		positive, negated, good := names[family][0], names[family][1], names[family][2]
		for _, text := range bad {
			if holds(t, positive, good, text) || holds(t, negated, good, text) {
				t.Errorf("the request value %q matches", text)
			}
			if holds(t, positive, text, good) || !holds(t, negated, text, good) {
				t.Errorf("the policy value %q equals something", text)
			}
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0":                                "1970-01-01T00:00:00Z",
		"9223372036854775807":              "9223372036854775807",
		"2026-11-20":                       "2026-11-20T00:00:00Z",
		"2026-11-20T":                      "2026-11-20T00:00:00Z",
		"2026-11-20TZ":                     "2026-11-20T00:00:00Z",
		"2026-11-20T+01:00":                "2026-11-19T23:00:00Z",
		"2026-11-20t9":                     "2026-11-20T09:00:00Z",
		"2026-11-20T9:5":                   "2026-11-20T09:05:00Z",
		"2026-11-20T9:5:3z":                "2026-11-20T09:05:03Z",
		"2026-11-20T21:20:37.593194+00:00": "2026-11-20T21:20:37Z",
		"2026-11-20T21:20:37.123456789":    "2026-11-20T21:20:37Z",
		"2026-11-20T21:20:37-0830":         "2026-11-21T05:50:37Z",
		"2026-11-20T21:20:37+23":           "2026-11-19T22:20:37Z",
		"2024-02-29":                       "2024-02-29T00:00:00Z",
		"1-1":                              "0001-01-01T00:00:00Z",
		"01T":                              "0001-01-01T00:00:00Z",
		"-1":                               "-0001-01-01T00:00:00Z",
		"-292275054":                       "-292275054-01-01",
		"292278993-12-31":                  "292278993-12-31T00:00:00Z",
	} {
		if !holds(t, "DateEquals", want, text) {
			t.Errorf("%q is not %s", text, want)
		}
	}
}

func TestDatesCompareAsTimes(t *testing.T) {
	t.Parallel()
	const century = 100 * 365 * 24 * time.Hour
	base := time.Date(2000, 2, 28, 23, 59, 59, 0, time.UTC)
	zones := []*time.Location{time.UTC, time.FixedZone("", 5*3600+30*60), time.FixedZone("", -9*3600)}
	for i := range 2000 {
		a := base.Add(time.Duration(i-1000) * (century / 1000)).In(zones[i%3])
		text, epoch := a.Format(time.RFC3339), fmt.Sprint(a.Unix())
		if a.Unix() < 0 {
			epoch = a.UTC().Format("2006-01-02T15:04:05")
		}
		if !holds(t, "DateEquals", text, epoch) || holds(t, "DateLessThan", text, epoch) || !holds(t, "DateGreaterThan", text, a.Add(time.Second).Format(time.RFC3339)) {
			t.Errorf("%s is not %s", text, epoch)
		}
	}
}
