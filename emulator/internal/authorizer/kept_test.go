package authorizer_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/internal/event"
)

func TestStoreAll(t *testing.T) {
	t.Parallel()
	s := authorizer.NewStore()
	if got := s.All(epoch()); got != nil {
		t.Errorf("of an empty store: %v", got)
	}
	s.Put("expired", result("a", epoch().Add(-time.Hour)))
	s.Put("first", result("b", epoch()))
	s.Put("second", result("c", epoch()))
	s.Get("first", epoch())
	for range 2 { // looking is no use
		var got []string
		for _, k := range s.All(epoch()) {
			got = append(got, k.Key+" "+k.Result.PrincipalID)
		}
		if diff := cmp.Diff([]string{"first b", "second c"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if s.Len() != 3 {
		t.Errorf("%d results, want 3", s.Len())
	}
}

// What a result is kept for can be read back from its key.
func TestIdentityOf(t *testing.T) {
	t.Parallel()
	request := &event.Request{
		Headers: []event.Pair{{Name: "Authorization", Value: "Bearer 1:2:x"}, {Name: "X-A", Value: "3:abc"}, {Name: "X-A", Value: "4"}, {Name: "X-B", Value: "ä"}},
		Query:   []event.Pair{{Name: "q", Value: "2:1:1:1"}},
	}
	const header, several, query = "method.request.header.", "method.request.multivalueheader.", "method.request.querystring."
	tests := []struct {
		name string
		kind apigw.AuthorizerType
		want string // sources with what is expected of them
	}{
		{name: "token", kind: apigw.TokenAuthorizer, want: header + "Authorization=Bearer 1:2:x"},
		{name: "one header", kind: apigw.RequestAuthorizer, want: header + "X-B=ä"},
		{name: "one header of several values", kind: apigw.RequestAuthorizer, want: several + "X-A=3:abc,4"},
		{name: "several sources", kind: apigw.RequestAuthorizer, want: several + "X-A=3:abc,4;" + query + "q=2:1:1:1;" + header + "X-B=ä"},
		{name: "no source", kind: apigw.RequestAuthorizer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			declared := &apigw.Authorizer{Name: "a", Type: tt.kind, ResultTTL: time.Minute}
			for pair := range strings.SplitSeq(tt.want, ";") {
				if name, _, _ := strings.Cut(pair, "="); name != "" {
					source, err := apigw.ParseIdentitySource(name)
					if err != nil {
						t.Fatal(err)
					}
					declared.IdentitySources = append(declared.IdentitySources, source)
				}
			}
			invoke := func(context.Context, string, []byte) ([]byte, error) { return nil, nil }
			a, err := authorizer.New(declared, time.Second, invoke, authorizer.NewStore())
			if err != nil {
				t.Fatal(err)
			}
			id, refusal := a.Identify(request)
			if refusal != nil {
				t.Fatal(refusal)
			}
			a.Keep(id, &authorizer.Result{}, epoch())
			var got []string
			for _, k := range a.Results().All(epoch()) {
				for _, s := range a.IdentityOf(k.Key) {
					got = append(got, s.Source+"="+s.Value)
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ";")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
