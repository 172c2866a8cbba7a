package authorizer_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gatewayd/emulator/internal/authorizer"
)

// epoch is when the tests of stores begin.
func epoch() time.Time { return time.Unix(1_800_000_000, 0) }

// result is one that is written at a time and kept for a minute.
func result(name string, written time.Time) *authorizer.Result {
	return &authorizer.Result{PrincipalID: name, Written: written, Expires: written.Add(time.Minute)}
}

func ExampleStore() {
	now := time.Unix(0, 0)
	s := authorizer.NewStore()
	s.Put("Bearer abc", &authorizer.Result{PrincipalID: "user", Written: now, Expires: now.Add(5 * time.Minute)})
	fmt.Println(s.Get("Bearer abc", now.Add(299*time.Second)).PrincipalID)
	fmt.Println(s.Get("Bearer abc", now.Add(300*time.Second)))
	// Output:
	// user
	// <nil>
}

func TestStoreTimes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		after time.Duration
		found bool
	}{
		{name: "at once", found: true},
		{name: "just before it expires", after: time.Minute - 1, found: true},
		{name: "when it expires", after: time.Minute},
		{name: "later", after: time.Hour},
		{name: "the clock was set back", after: -1},
		{name: "the clock was set far back", after: -24 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := authorizer.NewStore()
			s.Put("k", result("a", epoch()))
			if got := s.Get("k", epoch().Add(tt.after)); (got != nil) != tt.found {
				t.Errorf("got %v, want one: %t", got, tt.found)
			}
			// What was stale stays away, whatever the clock says next.
			if got := s.Get("k", epoch()); (got != nil) != tt.found {
				t.Errorf("afterwards: got %v, want one: %t", got, tt.found)
			}
			if want := map[bool]int{true: 1}[tt.found]; s.Len() != want {
				t.Errorf("%d results, want %d", s.Len(), want)
			}
		})
	}
}

func TestStoreReplaces(t *testing.T) {
	t.Parallel()
	s := authorizer.NewStore()
	s.Put("k", result("a", epoch()))
	s.Put("k", result("b", epoch().Add(50*time.Second)))
	if got := s.Get("k", epoch().Add(100*time.Second)); got == nil || got.PrincipalID != "b" || s.Len() != 1 {
		t.Errorf("got %v of %d", got, s.Len())
	}
}

// The result that was used longest ago makes room: reading and replacing use it, looking in vain does not.
func TestStoreBound(t *testing.T) {
	t.Parallel()
	s, now := authorizer.NewStore(), epoch()
	for i := range authorizer.MaxResults {
		s.Put(strconv.Itoa(i), result("", now))
	}
	s.Get("0", now)
	s.Put("1", result("", now))
	s.Get("none", now)
	for i := range 3 {
		s.Put("new"+strconv.Itoa(i), result("", now))
	}
	if s.Len() != authorizer.MaxResults {
		t.Errorf("%d results, want %d", s.Len(), authorizer.MaxResults)
	}
	for key, want := range map[string]bool{"0": true, "1": true, "2": false, "3": false, "4": false, "5": true, "new0": true, "new2": true} {
		if got := s.Get(key, now); (got != nil) != want {
			t.Errorf("%s is there: %t, want %t", key, got != nil, want)
		}
	}
}

func TestStoreClear(t *testing.T) {
	t.Parallel()
	s, now := authorizer.NewStore(), epoch()
	s.Clear()
	s.Put("a", result("a", now))
	s.Clear()
	if s.Len() != 0 || s.Get("a", now) != nil {
		t.Error("something is left")
	}
	s.Put("b", result("b", now))
	if got := s.Get("b", now); got == nil || s.Len() != 1 {
		t.Errorf("after Clear: got %v of %d", got, s.Len())
	}
}

// The store does what a map does that forgets what is stale when it is asked for.
func TestStoreAgainstMap(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		s, model, now := authorizer.NewStore(), map[string]*authorizer.Result{}, epoch()
		for step := range 2000 {
			key := strconv.Itoa(random.IntN(30))
			switch random.IntN(10) {
			case 0:
				now = now.Add(time.Duration(random.IntN(90)-20) * time.Second)
			case 1:
				if random.IntN(20) == 0 {
					s.Clear()
					clear(model)
				}
			case 2, 3, 4:
				r := result(strconv.Itoa(step), now)
				s.Put(key, r)
				model[key] = r
			default:
				want := model[key]
				if want != nil && (now.Before(want.Written) || !now.Before(want.Expires)) {
					delete(model, key)
					want = nil
				}
				if got := s.Get(key, now); got != want {
					t.Fatalf("seed %d, step %d: got %v, want %v", seed, step, got, want)
				}
			}
			if s.Len() != len(model) {
				t.Fatalf("seed %d, step %d: %d results, want %d", seed, step, s.Len(), len(model))
			}
		}
	}
}

func TestStoreConcurrently(t *testing.T) {
	t.Parallel()
	s, now := authorizer.NewStore(), epoch()
	var group sync.WaitGroup
	for worker := range uint64(8) {
		group.Go(func() {
			random := rand.New(rand.NewPCG(worker, 2))
			for range 2000 {
				key := strconv.Itoa(random.IntN(20))
				switch random.IntN(50) {
				case 0:
					s.Clear()
				case 1:
					s.Len()
				case 2, 3, 4, 5, 6, 7, 8, 9:
					s.Put(key, result(key, now))
				default:
					at := now.Add(time.Duration(random.IntN(70)) * time.Second)
					if got := s.Get(key, at); got != nil && got.PrincipalID != key {
						t.Errorf("%s finds the result of %s", key, got.PrincipalID)
					}
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkStore(b *testing.B) {
	s, now := authorizer.NewStore(), epoch()
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprintf("Bearer %0180d", i)
		s.Put(keys[i], result("", now))
	}
	b.Run("hit", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			s.Get(keys[i%len(keys)], now)
		}
	})
	b.Run("put", func(b *testing.B) {
		kept := result("", now)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			s.Put(keys[i%len(keys)], kept)
		}
	})
	b.Run("hit in parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				s.Get(keys[i%len(keys)], now)
			}
		})
	})
}

// call has the authorizer called for a token and its result kept.
func call(t *testing.T, a *authorizer.Authorizer, value string, between func()) {
	t.Helper()
	r := bearer(value)
	id, refusal := a.Identify(r)
	if refusal != nil {
		t.Fatal(refusal)
	}
	result, _, refusal := a.Call(t.Context(), r, id)
	if refusal != nil {
		t.Fatal(refusal)
	}
	between()
	a.Keep(id, result, time.Now())
}

// A few large answers must not fill the memory that 10,000 small ones do not.
func TestStoreIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	a := compile(t, token(), `{"principalId":"`+strings.Repeat("x", 4<<20)+`","policyDocument":`+document+`}`, nil)
	for i := range 40 {
		call(t, a, strconv.Itoa(i), func() {})
	}
	if got := a.Results().Len(); got < 10 || got > 16 {
		t.Errorf("%d answers of 4 MB are kept", got)
	}
}

// What a function answered before a flush is not kept after it.
func TestFlushCoversCallsInFlight(t *testing.T) {
	t.Parallel()
	a := compile(t, token(), answer, nil)
	call(t, a, "token", a.Results().Clear)
	if got := a.Results().Len(); got != 0 {
		t.Errorf("%d results are kept", got)
	}
	call(t, a, "token", func() {})
	if got := a.Results().Len(); got != 1 {
		t.Errorf("%d results are kept, want 1", got)
	}
}
