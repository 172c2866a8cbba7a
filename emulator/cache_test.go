package emulator_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"gatewayd/emulator"
)

func TestCachedResults(t *testing.T) {
	t.Parallel()
	const allow = `{"principalId":"me","policyDocument":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}}`
	g := newTwo(t, allow, nil)
	if got, err := g.CachedResults("token"); err != nil || got == nil || len(got) != 0 {
		t.Errorf("before the first request: %v, %v", got, err)
	}
	writer := g.Get("/dev/pets", "Authorization", "Bearer hunter2-tail99").Trace
	g.Get("/dev/cats", "Authorization", "Bearer hunter2-tail99")
	g.FastForward(12 * time.Second)
	got, err := g.CachedResults("token")
	if err != nil || len(got) != 1 {
		t.Fatalf("got %v, %v, want one result", got, err)
	}
	result := got[0]
	if by := result.WrittenBy; by.RequestID != writer.RequestID || by.Method != "GET" || by.Path != "/dev/pets" || !result.Expires.Equal(by.Time.Add(300*time.Second)) {
		t.Errorf("written by %+v, expires %v", by, result.Expires)
	}
	if result.PrincipalID != "me" || result.Age != "12s" || result.Identity[0].Value != "********tail99" {
		t.Errorf("got %+v", result)
	}
	for _, name := range []string{"request", "tokn"} {
		got, err := g.CachedResults(name)
		refused, ok := errors.AsType[*emulator.RequestError](err)
		if known := name == "request"; known != (err == nil) || !known && (!ok || refused.Status != http.StatusNotFound) || len(got) != 0 {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	if err := g.FlushCache("tokn"); err == nil {
		t.Error("an authorizer that does not exist was flushed")
	}
	if err := g.FlushCache("token"); err != nil {
		t.Error(err)
	}
	if got, _ := g.CachedResults("token"); len(got) != 0 {
		t.Errorf("after the flush: %v", got)
	}
}
