package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/policy"
)

func TestDecideDoesNotAllocate(t *testing.T) {
	for _, bench := range benchmarkPolicies() {
		p := mustParse(t, bench.text)
		for _, action := range []string{"", "execute-api:InvalidateCache", "execute-api:ManageConnections"} {
			request := &policy.Request{Action: action, Resource: benchARN, Context: benchmarkContext()}
			if got := testing.AllocsPerRun(100, func() { p.Decide(request) }); got != 0 {
				t.Errorf("%s %s: %v allocations", bench.name, action, got)
			}
		}
	}
}

func TestNeedsContext(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		blueprintPolicy:                        false,
		conditionPolicy:                        true,
		allowCondition(`{}`):                   false,
		allowResource("$D/GET/${aws:userid}"):  true,
		allowResource("$D/GET/$x", "$D/${*}/"): false,
	} {
		if got := mustParse(t, text).NeedsContext(); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestNoContext(t *testing.T) {
	t.Parallel()
	verdict, _ := mustParse(t, conditionPolicy).Decide(&policy.Request{Resource: benchARN})
	if verdict != policy.ImplicitDeny {
		t.Errorf("got %v", verdict)
	}
}

func TestMapContext(t *testing.T) {
	t.Parallel()
	context := policy.MapContext{"aws:SourceIp": {"1"}, "AWS:SourceIp": {"2"}, "aws:useragent": {"3"}, "aws:UserAgent": {"4"}}
	for key, want := range map[string][]string{"aws:sourceip": {"2"}, "aws:useragent": {"3"}, "aws:referer": nil} {
		got, ok := context.Values(key)
		if diff := cmp.Diff(want, got); diff != "" || ok != (want != nil) {
			t.Errorf("%s: %v (-want +got):\n%s", key, ok, diff)
		}
	}
}

// The zero Verdict and the zero Effect deny, whatever happens to be forgotten.
func TestNames(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal([]any{
		*new(policy.Verdict), policy.Allow, policy.ExplicitDeny, *new(policy.Effect), policy.EffectAllow,
		policy.Inferred, policy.Observed, policy.Documented,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `["ImplicitDeny","Allow","ExplicitDeny","Deny","Allow","inferred","observed","documented"]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCombine(t *testing.T) {
	t.Parallel()
	const none, allow, deny = policy.ImplicitDeny, policy.Allow, policy.ExplicitDeny
	for _, test := range []struct{ authorizer, resource, want policy.Verdict }{
		{allow, allow, allow},
		{allow, none, allow},
		{allow, deny, deny},
		{none, allow, allow},
		{none, none, none},
		{none, deny, deny},
		{deny, allow, deny},
		{deny, none, deny},
		{deny, deny, deny},
	} {
		if got := policy.Combine(test.authorizer, test.resource); got != test.want {
			t.Errorf("%v and %v: got %v, want %v", test.authorizer, test.resource, got, test.want)
		}
	}
}

func TestLen(t *testing.T) {
	t.Parallel()
	if got := mustParse(t, wildcardPolicy(7)).Len(); got != 7 {
		t.Errorf("got %d, want 7", got)
	}
}
