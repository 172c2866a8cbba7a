package authorizer_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/authorizer"
	"gatewayd/emulator/trace"
)

// A million identities take as much memory as ten thousand do, and finding one of them as long: the newest are kept (P15).
// The tests of this file are not parallel: they look at the memory of all.
func TestMillionIdentities(t *testing.T) {
	const million = 1_000_000
	identity := func(i int) string { return fmt.Sprintf("identity %0171d", i) }
	before := live()
	store := authorizer.NewStore()
	for i := range million {
		store.Put(identity(i), result("user", epoch()))
	}
	kept := live() - before
	if got := store.Len(); got != authorizer.MaxResults {
		t.Errorf("%d results are kept, want %d", got, authorizer.MaxResults)
	}
	// A key of 180 bytes, an entry of the map and of the ring, and a result, which here has no context.
	if each := kept / authorizer.MaxResults; each > 850 {
		t.Errorf("%d bytes for each of %d results", each, store.Len())
	}
	for i, want := range map[int]bool{million - 1: true, million - authorizer.MaxResults: true, million - authorizer.MaxResults - 1: false, 0: false} {
		if got := store.Get(identity(i), epoch()) != nil; got != want {
			t.Errorf("identity %d is kept: %t, want %t", i, got, want)
		}
	}
	runtime.KeepAlive(store)
}

// Whatever policies callers are given, what is compiled is bounded as well: here each has another one.
func TestPoliciesOfManyCallers(t *testing.T) {
	const callers = 40_000
	answers := 0
	definition := token()
	a := compileAnswering(t, definition, func() string {
		answers++
		return strings.Replace(answer, "/GET/pets", "/GET/pets/"+strconv.Itoa(answers)+strings.Repeat("x", 500), 1)
	})
	heap := map[int]int{}
	for i := 1; i <= callers; i++ {
		r := bearer("token " + strconv.Itoa(i))
		id, refusal := a.Identify(r)
		if refusal != nil {
			t.Fatal(refusal)
		}
		if _, state := a.Cached(id, epoch()); state != trace.CacheMiss {
			t.Fatalf("caller %d: %s", i, state)
		}
		result, _, refusal := a.Call(t.Context(), r, id)
		if refusal != nil {
			t.Fatal(refusal)
		}
		a.Keep(id, result, epoch())
		if i == callers/2 || i == callers {
			heap[i] = live()
		}
	}
	if first, last := heap[callers/2], heap[callers]; last > first+first/4 {
		t.Errorf("%d bytes after %d callers, %d after as many more", first, callers/2, last)
	}
	runtime.KeepAlive(a)
}

// compileAnswering is an authorizer whose answer is another one each time.
func compileAnswering(t *testing.T, definition apigw.Authorizer, answer func() string) *authorizer.Authorizer {
	t.Helper()
	a, err := authorizer.New(&definition, time.Second, func(context.Context, string, []byte) ([]byte, error) { return []byte(answer()), nil }, authorizer.NewStore())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func live() int {
	for range 2 { // pools give up what they hold with the second
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
