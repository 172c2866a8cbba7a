package policy_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gatewayd/emulator/policy"
)

// corpusCase is one line of testdata/aws: a policy, a request, what AWS
// decides and why. FailedOn and Rules have an entry for each statement,
// Conditions one for each condition of all statements.
type corpusCase struct {
	ID, Name   string
	API        string // the API's ARN: the policy is a resource policy
	Policy     json.RawMessage
	Action     string
	Resource   string
	Context    policy.MapContext
	Decision   string
	Statement  int
	FailedOn   []policy.Element
	Rules      []string
	Conditions []string
	Path       string // of the error, where the decision is Invalid
	Source     string
	Confidence string
}

func (c *corpusCase) parse() (*policy.Policy, error) {
	if c.API != "" {
		return policy.ParseResourcePolicy(c.Policy, c.API)
	}
	return policy.Parse(c.Policy)
}

func (c *corpusCase) request() *policy.Request {
	return &policy.Request{Action: c.Action, Resource: c.Resource, Context: c.Context}
}

// corpus reads all cases.
func corpus(tb testing.TB) []corpusCase {
	tb.Helper()
	files, err := filepath.Glob("testdata/aws/*.jsonl")
	if err != nil || len(files) == 0 {
		tb.Fatal(files, err)
	}
	var cases []corpusCase
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		for lines.Scan() {
			var c corpusCase
			decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&c); err != nil {
				tb.Fatalf("%s: %v in %s", file, err, lines.Bytes())
			}
			cases = append(cases, c)
		}
	}
	return cases
}

// decidable gives the cases with a valid policy, parsed.
func decidable(tb testing.TB) map[*corpusCase]*policy.Policy {
	tb.Helper()
	parsed := map[*corpusCase]*policy.Policy{}
	cases := corpus(tb)
	for i := range cases {
		if p, err := cases[i].parse(); err == nil {
			parsed[&cases[i]] = p
		}
	}
	return parsed
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range corpus(t) {
		if seen[c.ID] || c.Source == "" || !slices.Contains([]string{"recorded", "documented", "reported", "inferred"}, c.Confidence) {
			t.Errorf("%s: the id occurs twice, or source or confidence are missing", c.ID)
		}
		seen[c.ID] = true
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			p, err := c.parse()
			if c.Decision == "Invalid" {
				var fault *policy.SyntaxError
				if !errors.As(err, &fault) || fault.Path != c.Path {
					t.Fatalf("%s: got the error %v, want one at %q", c.Name, err, c.Path)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			got := corpusCase{}
			verdict, diagnostic := p.Explain(c.request())
			got.Decision, got.Statement = verdict.String(), diagnostic.Statement
			for _, s := range diagnostic.Statements {
				got.FailedOn = append(got.FailedOn, s.FailedOn)
				got.Rules = append(got.Rules, s.Rule.ID)
				for _, condition := range s.Conditions {
					got.Conditions = append(got.Conditions, condition.Rule.ID)
				}
			}
			want := corpusCase{
				Decision: c.Decision, Statement: c.Statement,
				FailedOn: c.FailedOn, Rules: c.Rules, Conditions: c.Conditions,
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s (-want +got):\n%s\n%+v", c.Name, diff, diagnostic)
			}
			if decided, index := p.Decide(c.request()); decided != verdict || index != diagnostic.Statement {
				t.Errorf("%s: Decide gives %v by %d, Explain %v by %d", c.Name, decided, index, verdict, diagnostic.Statement)
			}
		})
	}
}

func TestCorpusPrintsStably(t *testing.T) {
	t.Parallel()
	for c, p := range decidable(t) {
		printed, err := json.Marshal(p)
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		again := *c
		again.Policy = printed
		q, err := again.parse()
		if err != nil {
			t.Fatalf("%s: %v in %s", c.ID, err, printed)
		}
		if diff := cmp.Diff(p.String(), q.String()); diff != "" {
			t.Errorf("%s: printed twice (-first +second):\n%s", c.ID, diff)
		}
		want, index := p.Decide(c.request())
		if got, at := q.Decide(c.request()); got != want || at != index {
			t.Errorf("%s: printed and parsed it decides %v by %d, before %v by %d", c.ID, got, at, want, index)
		}
		if p.Source() != string(c.Policy) {
			t.Errorf("%s: Source gives %s", c.ID, p.Source())
		}
	}
}

func TestStatementOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	for c, p := range decidable(t) {
		want, _ := p.Decide(c.request())
		reversed := statements(t, p)
		slices.Reverse(reversed)
		if got := decideAll(t, c, reversed); got != want {
			t.Errorf("%s: %v with its statements reversed, want %v", c.ID, got, want)
		}
	}
}

func TestAnotherDenyNeverAllows(t *testing.T) {
	t.Parallel()
	var denies []json.RawMessage
	for c, p := range decidable(t) {
		if c.API != "" {
			continue
		}
		for _, s := range statements(t, p) {
			denies = append(denies, bytes.Replace(s, []byte(`"Effect":"Allow"`), []byte(`"Effect":"Deny"`), 1))
		}
	}
	for c, p := range decidable(t) {
		if c.API != "" {
			continue
		}
		before, _ := p.Decide(c.request())
		for _, deny := range denies[:40] { // in random order, so other ones each time
			after := decideAll(t, c, append(statements(t, p), deny))
			if after != before && after != policy.ExplicitDeny {
				t.Fatalf("%s with %s: %v, before %v", c.ID, deny, after, before)
			}
		}
	}
}

// statements gives the statements of a policy as JSON.
func statements(tb testing.TB, p *policy.Policy) []json.RawMessage {
	tb.Helper()
	var document struct{ Statement []json.RawMessage }
	if err := json.Unmarshal([]byte(p.String()), &document); err != nil {
		tb.Fatal(err)
	}
	return document.Statement
}

func decideAll(tb testing.TB, c *corpusCase, all []json.RawMessage) policy.Verdict {
	tb.Helper()
	var version struct{ Version *string }
	if err := json.Unmarshal(c.Policy, &version); err != nil {
		tb.Fatal(err)
	}
	document := map[string]any{"Statement": all}
	if version.Version != nil {
		document["Version"] = *version.Version
	}
	data, err := json.Marshal(document)
	if err != nil {
		tb.Fatal(err)
	}
	again := *c
	again.Policy = data
	p, err := again.parse()
	if err != nil {
		tb.Fatalf("%s: %v", c.ID, err)
	}
	verdict, _ := p.Decide(c.request())
	return verdict
}
