package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"gatewayd/emulator/policy"
)

const benchARN = "arn:aws:execute-api:us-east-1:123456789012:abc123/dev/GET/pets/42"

// blueprintPolicy is the shape that AWS's authorizer blueprints reply with.
const blueprintPolicy = `{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Allow",` +
	`"Resource":["arn:aws:execute-api:us-east-1:123456789012:abc123/dev/*/*"]}]}`

const conditionPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:*","Resource":"*","Condition":{
	"IpAddress":{"aws:SourceIp":["192.0.2.0/24","2001:db8::/32","203.0.113.0/24"]},
	"DateLessThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"},
	"NumericGreaterThan":{"aws:EpochTime":"1767225600"},
	"StringLike":{"aws:UserAgent":"Mozilla/*"},
	"Bool":{"aws:SecureTransport":"true"}}}]}`

// wildcardPolicy has a statement for each of n routes; none covers benchARN
// but the last.
func wildcardPolicy(n int) string {
	var b strings.Builder
	b.WriteString(`{"Version":"2012-10-17","Statement":[`)
	for i := range n - 1 {
		fmt.Fprintf(&b, `{"Sid":"s%d","Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:123456789012:abc123/dev/GET/route%d/*"},`, i, i)
	}
	b.WriteString(`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:123456789012:abc123/dev/GET/pets/*"}]}`)
	return b.String()
}

func benchmarkPolicies() []struct{ name, text string } {
	return []struct{ name, text string }{
		{"blueprint", blueprintPolicy},
		{"conditions", conditionPolicy},
		{"variable", strings.ReplaceAll(blueprintPolicy, "dev/*/*", "dev/*/pets/${aws:userid}*")},
		{"8KB", wildcardPolicy(47)},
		{"500", wildcardPolicy(500)},
	}
}

func benchmarkContext() policy.Context {
	return policy.MapContext{
		"aws:sourceip":        {"203.0.113.9"},
		"aws:currenttime":     {"2026-11-20T12:00:00Z"},
		"aws:epochtime":       {"1795176000"},
		"aws:useragent":       {"Mozilla/5.0"},
		"aws:securetransport": {"true"},
		"aws:userid":          {"4"},
	}
}

func BenchmarkParse(b *testing.B) {
	for _, bench := range benchmarkPolicies() {
		b.Run(bench.name, func(b *testing.B) {
			data := []byte(bench.text)
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := policy.Parse(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	for _, bench := range benchmarkPolicies() {
		b.Run(bench.name, func(b *testing.B) {
			p := mustParse(b, bench.text)
			request := &policy.Request{Resource: benchARN, Context: benchmarkContext()}
			b.ReportAllocs()
			for b.Loop() {
				if verdict, _ := p.Decide(request); verdict != policy.Allow {
					b.Fatal(verdict)
				}
			}
		})
	}
}

func BenchmarkExplain(b *testing.B) {
	p := mustParse(b, conditionPolicy)
	request := &policy.Request{Resource: benchARN, Context: benchmarkContext()}
	b.ReportAllocs()
	for b.Loop() {
		if verdict, _ := p.Explain(request); verdict != policy.Allow {
			b.Fatal(verdict)
		}
	}
}

func mustParse(tb testing.TB, text string) *policy.Policy {
	tb.Helper()
	p, err := policy.Parse([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}
