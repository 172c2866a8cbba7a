package policy_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gatewayd/emulator/policy"
)

// matchesNaively is what the compiled patterns have to agree with: it follows
// the rules character by character and keeps every position of the value that
// the pattern so far can end at.
func matchesNaively(pattern, value string, bound func(before, after string) bool) bool {
	characters := strings.Split(value, "")
	at := map[int]bool{0: true}
	runes := []rune(pattern)
	for i, c := range runes {
		next := map[int]bool{}
		stays := bound(string(runes[:i]), string(runes[i+1:]))
		for from := range at {
			switch c {
			case '*':
				for to := from; ; to++ {
					next[to] = true
					if to == len(characters) || stays && characters[to] == ":" {
						break
					}
				}
			case '?':
				if from < len(characters) && (!stays || characters[from] != ":") {
					next[from+1] = true
				}
			default:
				if from < len(characters) && characters[from] == string(c) {
					next[from+1] = true
				}
			}
		}
		at = next
	}
	return at[len(characters)]
}

// inResource says which wildcards of a Resource match no colon: those in the
// first five fields, but for a star that ends its field (iam-policy W4).
func inResource(pattern string) func(before, after string) bool {
	return func(before, after string) bool {
		star := pattern[len(before)] == '*'
		runsOn := star && (after == "" || after[0] == ':')
		return strings.Count(before, ":") < 5 && !runsOn
	}
}

// resourceMatches asks the package, by a policy of the pattern alone.
func resourceMatches(tb testing.TB, pattern, value string) bool {
	tb.Helper()
	quoted, err := json.Marshal(pattern)
	if err != nil {
		tb.Fatal(err)
	}
	p := mustParse(tb, `{"Statement":{"Effect":"Allow","Action":"*","Resource":`+string(quoted)+`}}`)
	request := &policy.Request{Resource: value}
	verdict, _ := p.Decide(request)
	if explained, _ := p.Explain(request); explained != verdict {
		tb.Errorf("%q on %q: Explain gives %v, Decide %v", pattern, value, explained, verdict)
	}
	return verdict == policy.Allow
}

func resourceMatchesNaively(pattern, value string) bool {
	if strings.Trim(pattern, "*") == "" {
		return pattern != ""
	}
	if !strings.HasPrefix(pattern, "arn:") || strings.Count(pattern, ":") < 5 && !strings.HasSuffix(pattern, "*") {
		return false
	}
	return matchesNaively(pattern, value, inResource(pattern))
}

// randomText makes a text of the given pieces.
func randomText(random *rand.Rand, most int, pieces ...string) string {
	var b strings.Builder
	for range random.IntN(most + 1) {
		b.WriteString(pieces[random.IntN(len(pieces))])
	}
	return b.String()
}

func TestResourceMatchesAsNaively(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	matched := 0
	for range 30_000 {
		value := "arn:" + randomText(random, 16, "a", "a", "b", ":", ":", "/", "é")
		pattern := "arn:" + randomText(random, 16, "a", "a", "b", ":", ":", "/", "é", "*", "*", "?")
		if random.IntN(2) == 0 {
			pattern = abstract(random, value)
		}
		want := resourceMatchesNaively(pattern, value)
		if got := resourceMatches(t, pattern, value); got != want {
			t.Fatalf("%q on %q: got %v, want %v", pattern, value, got, want)
		}
		if want {
			matched++
		}
	}
	if matched < 3000 {
		t.Errorf("only %d of the cases match; they say too little", matched)
	}
}

// In the resource part a variable is as its value would be in its place.
func TestVariableMatchesAsItsValue(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	matched := 0
	for range 20_000 {
		value := "arn:" + randomText(random, 6, "a", "b", ":") + "::::" + randomText(random, 8, "a", "b", ":", "é")
		pattern := abstract(random, value)
		cut := len(pattern)
		if fields := strings.SplitAfterN(pattern, ":", 6); len(fields) == 6 {
			cut -= random.IntN(len(fields[5]) + 1)
		}
		for !utf8.RuneStart((pattern + "a")[cut]) {
			cut++
		}
		text := randomText(random, 2, "a", "b", ":", "é")
		want := resourceMatchesNaively(pattern[:cut]+text+pattern[cut:], value) && strings.Count(pattern[:cut], ":") >= 5
		quoted, err := json.Marshal(pattern[:cut] + "${x}" + pattern[cut:])
		if err != nil {
			t.Fatal(err)
		}
		p := mustParse(t, allow(`"Action":"*","Resource":`+string(quoted)))
		verdict, _ := p.Decide(&policy.Request{Resource: value, Context: policy.MapContext{"x": {text}}})
		if got := verdict == policy.Allow; got != want {
			t.Fatalf("%s with %q on %q: got %v, want %v", quoted, text, value, got, want)
		}
		if want {
			matched++
		}
	}
	if matched < 1000 {
		t.Errorf("only %d of the cases match; they say too little", matched)
	}
}

// abstract replaces parts of a value with wildcards.
func abstract(random *rand.Rand, value string) string {
	characters := strings.Split(value, "")
	for range random.IntN(6) {
		i := 4 + random.IntN(max(len(characters)-4, 1))
		if i >= len(characters) {
			break
		}
		if random.IntN(2) == 0 {
			characters[i] = "?"
			continue
		}
		j := min(i+random.IntN(6), len(characters))
		characters = append(characters[:i:i], append([]string{"*"}, characters[j:]...)...)
	}
	return strings.Join(characters, "")
}

func TestConditionMatchesAsNaively(t *testing.T) {
	t.Parallel()
	never := func(string, string) bool { return false }
	random := rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		value := "arn:" + randomText(random, 14, "a", "b", ":", ":", "é")
		pattern := abstract(random, value)
		quoted, err := json.Marshal(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for operator, want := range map[string]bool{
			"StringLike": matchesNaively(pattern, value, never),
			"ArnLike":    arnLikeNaively(pattern, value),
		} {
			p := mustParse(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"`+operator+`":{"k":`+string(quoted)+`}}}}`)
			verdict, _ := p.Decide(&policy.Request{Context: policy.MapContext{"k": {value}}})
			if got := verdict == policy.Allow; got != want {
				t.Fatalf("%s %q on %q: got %v, want %v", operator, pattern, value, got, want)
			}
		}
	}
}

// arnLikeNaively compares six fields one by one (iam-policy C60).
func arnLikeNaively(pattern, value string) bool {
	never := func(string, string) bool { return false }
	want, got := strings.SplitN(pattern, ":", 6), strings.SplitN(value, ":", 6)
	if len(want) < 6 || len(got) < 6 {
		return false
	}
	for i := range want {
		if !matchesNaively(want[i], got[i], never) {
			return false
		}
	}
	return true
}

// A star used to be where matchers of this kind take exponential time: a
// recursive one needs more than 100 ms for the first of these (iam-policy W8).
func TestManyStarsTakeMicroseconds(t *testing.T) {
	t.Parallel()
	prefix := "arn:aws:execute-api:us-east-1:123456789012:abc123/"
	for _, pattern := range []string{
		prefix + strings.Repeat("*a", 9) + "b",
		prefix + strings.Repeat("*a", 200) + "b",
		prefix + strings.Repeat("*?a", 100) + "b",
		"arn:aws:execute-api:*:a*" + strings.Repeat("a*", 100) + "a:" + strings.Repeat("*a", 100) + "b",
	} {
		value := prefix + strings.Repeat("a", 1500)
		start := time.Now()
		if resourceMatches(t, pattern, value) {
			t.Errorf("%q matches", pattern)
		}
		if took := time.Since(start); took > time.Second { // that is a thousand times what it takes
			t.Errorf("%q took %v", pattern, took)
		}
	}
}

func TestLongResources(t *testing.T) {
	t.Parallel()
	long := "arn:aws:execute-api:us-east-1:1:" + strings.Repeat("/a", 3000)
	for pattern, want := range map[string]bool{
		"arn:*:execute-api:us-*-1:1:*/a":   true,
		"arn:*:execute-api:us-*-1:1:*/b":   false,
		"arn:*:execute-api:us-*-1:1:*?/a*": true,
	} {
		if got := resourceMatches(t, pattern, long); got != want {
			t.Errorf("%q: got %v, want %v", pattern, got, want)
		}
	}
}

func FuzzResource(f *testing.F) {
	f.Add("arn:aws:execute-api:*", "arn:aws:execute-api:us-east-1:123456789012:abc123/dev/GET/")
	f.Add("arn:a:b*c:*:?:d*e/*f", "arn:a:bxc:us:y:1:dxe/f")
	f.Add("arn:*:a*b:*", "arn:a:b:ab:c:\xffé")
	f.Fuzz(func(t *testing.T, pattern, value string) {
		if !utf8.ValidString(pattern) || strings.ContainsRune(pattern, utf8.RuneError) || len(pattern)+len(value) > 300 {
			t.Skip() // what the JSON encoder changes
		}
		want := resourceMatchesNaively(pattern, value)
		if got := resourceMatches(t, pattern, value); got != want {
			t.Errorf("%q on %q: got %v, want %v", pattern, value, got, want)
		}
	})
}
