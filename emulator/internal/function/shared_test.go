//go:build unix

package function_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gatewayd/emulator/internal/function"
)

const maxConcurrency = "AWS_LAMBDA_MAX_CONCURRENCY"

// sharedSpec is the spec of a role of this binary, a process of which has n invocations at the same time.
func sharedSpec(tb testing.TB, name string, n int) function.ProcessSpec {
	tb.Helper()
	spec := goSpec(tb, name)
	spec.Environment[maxConcurrency] = fmt.Sprint(n)
	return spec
}

// calling is an invocation with an id of its own.
func calling(id, payload string) function.Invocation {
	return function.Invocation{RequestID: id, ARN: "arn:f", Payload: []byte(payload)}
}

// pidOf is the process that answered.
func pidOf(t *testing.T, got result) int {
	t.Helper()
	var out answerOf
	if got.err != nil {
		t.Fatal(got.err)
	}
	if err := json.Unmarshal([]byte(got.answer), &out); err != nil {
		t.Fatal(err)
	}
	return out.PID
}

// gone waits for the end of a process.
func gone(t *testing.T, pid int) {
	t.Helper()
	eventually(t, "the process has ended", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
}

// Eight invocations of which each needs three others to run beside it are answered by one process, which gets four at a time,
// whatever says so; with fewer none of them would end.
func TestSharedProcess(t *testing.T) {
	t.Parallel()
	own := func(i int) string { return fmt.Sprintf("req-%d", i) }
	for _, tt := range []struct {
		name   string
		change func(*function.ProcessSpec)
		id     func(int) string
	}{
		{"environment", func(s *function.ProcessSpec) { s.Environment[maxConcurrency] = "4" }, own},
		{"override", func(s *function.ProcessSpec) {
			s.Environment[maxConcurrency], s.Overrides = "1", map[string]string{maxConcurrency: "4"}
		}, own},
		{"the same id", func(s *function.ProcessSpec) { s.Environment[maxConcurrency] = "4" }, func(int) string { return "req" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host, lines := hostOf(t, function.HostOptions{})
			spec := goSpec(t, "meeting")
			tt.change(&spec)
			p := processOf(t, host, spec)
			var all []chan result
			for i := range 8 {
				all = append(all, start(t, p, calling(tt.id(i), fmt.Sprintf(`{"do":"meet","n":4,"value":%d}`, i))))
			}
			pids := map[int]bool{}
			for i, results := range all {
				got := <-results
				pids[pidOf(t, got)] = true
				if want := fmt.Sprintf(`"value":%d}`, i); !strings.HasSuffix(got.answer, want) {
					t.Errorf("answer %s, want its end to be %s", got.answer, want)
				}
			}
			if len(pids) != 1 {
				t.Errorf("processes %v, want one", pids)
			}
			eventually(t, "each has its report", func() bool {
				started, ended := 0, 0
				for _, line := range lines.all() {
					if id, ok := strings.CutPrefix(line.Text, "START RequestId: "); ok && strings.HasPrefix(id, line.RequestID+" ") {
						started++
					}
					if id, ok := strings.CutPrefix(line.Text, "REPORT RequestId: "); ok && strings.HasPrefix(id, line.RequestID+"\t") && line.Last {
						ended++
					}
					if strings.HasPrefix(line.Text, "present") && line.RequestID != "" && started-ended > 1 {
						t.Errorf("line %+v while %d run", line, started-ended)
					}
				}
				return started == 8 && ended == 8
			})
		})
	}
}

// Many callers find a process with few places: each gets its own answer.
func TestSharedProcessIsBusy(t *testing.T) {
	t.Parallel()
	host, _ := hostOf(t, function.HostOptions{})
	p := processOf(t, host, sharedSpec(t, "lambda", 3))
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		pids  = map[int]bool{}
	)
	for i := range 200 {
		group.Go(func() {
			got := echo(t, p, fmt.Sprint(i))
			if got.Value != float64(i) {
				t.Errorf("answer %v to %d", got.Value, i)
			}
			mu.Lock()
			defer mu.Unlock()
			pids[got.PID] = true
		})
	}
	group.Wait()
	if len(pids) != 1 {
		t.Errorf("processes %v, want one", pids)
	}
}

// A crash is the end of all that the process had; each is told, and the next invocation has a fresh process.
func TestSharedProcessCrashes(t *testing.T) {
	t.Parallel()
	host, lines := hostOf(t, function.HostOptions{})
	p := processOf(t, host, sharedSpec(t, "lambda", 4))
	before := echo(t, p, "1")
	all := map[string]chan result{}
	for _, id := range []string{"a", "b", "c"} {
		all[id] = start(t, p, calling(id, `{"do":"hang"}`))
		lines.wait(t, "START RequestId: "+id+" ")
	}
	all["d"] = start(t, p, calling("d", `{"do":"exit","n":3}`))
	for id, results := range all {
		raised := functionError(t, (<-results).err)
		if want := "RequestId: " + id + " Error: Runtime exited with error: exit status 3"; raised.Type != function.TypeExited || raised.Message != want {
			t.Errorf("error %v, want %s", raised, want)
		}
		if report := lines.wait(t, "REPORT RequestId: "+id+"\t"); !strings.HasSuffix(report.Text, "\tStatus: error\tError Type: Runtime.ExitError\t") {
			t.Errorf("report %q", report.Text)
		}
	}
	if after := echo(t, p, "2"); after.PID == before.PID {
		t.Error("a dead process answered")
	}
}

// A process that does not start fails every invocation that waits for it.
func TestSharedProcessDoesNotStart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*function.ProcessSpec)
		want   string
	}{
		{"exits", func(s *function.ProcessSpec) { s.Command = []string{"sh", "-c", "exit 5"} }, "Runtime exited with error: exit status 5"},
		{"no such command", func(s *function.ProcessSpec) { s.Command = []string{"no-such-command"} }, `exec: "no-such-command": executable file not found in $PATH`},
		{"never asks", func(s *function.ProcessSpec) {
			s.Environment[role], s.InitTimeout = "silent", 300*time.Millisecond
		}, "Task timed out after 0.30 seconds"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host, _ := hostOf(t, function.HostOptions{})
			spec := sharedSpec(t, "lambda", 4)
			tt.change(&spec)
			p := processOf(t, host, spec)
			all := map[string]chan result{}
			for _, id := range []string{"a", "b", "c", "d", "e"} {
				all[id] = start(t, p, calling(id, `{}`))
			}
			for id, results := range all {
				raised := functionError(t, (<-results).err)
				if want := "RequestId: " + id + " Error: " + tt.want; raised.Message != want {
					t.Errorf("error %q, want %q", raised.Message, want)
				}
			}
		})
	}
}

// An invocation that exceeds its time fails alone. When nothing else runs, its process is ended.
func TestSharedProcessTimeout(t *testing.T) {
	t.Parallel()
	p, slow := newPuppet(t, func(s *function.ProcessSpec) {
		s.Environment[maxConcurrency], s.Timeout = "2", 1500*time.Millisecond
	})
	began := time.Now()
	p.do(t, http.MethodGet, nextEvent, "")
	eventually(t, "half of its time has passed", func() bool { return time.Since(began) > 750*time.Millisecond })
	other := start(t, p.function, calling("req-2", `{"n":2}`))
	if _, text, _ := p.do(t, http.MethodGet, nextEvent, ""); text != `{"n":2}` {
		t.Errorf("event %s", text)
	}
	raised := functionError(t, (<-slow).err)
	if want := "RequestId: req-1 Error: Task timed out after 1.50 seconds"; raised.Type != function.TypeTimedOut || raised.Message != want {
		t.Errorf("error %v, want %s", raised, want)
	}
	if status, text, _ := p.do(t, http.MethodPost, runtimeAPI+"invocation/req-2/response", `"in time"`); status != http.StatusAccepted {
		t.Errorf("%d %s", status, text)
	}
	if got := <-other; got.answer != `"in time"` || got.err != nil {
		t.Errorf("answer %q, %v", got.answer, got.err)
	}
	gone(t, p.pid)
	if report := p.lines.wait(t, "REPORT RequestId: req-1\t"); !strings.HasSuffix(report.Text, "\tStatus: timeout\t") {
		t.Errorf("report %q", report.Text)
	}
	if report := p.lines.wait(t, "REPORT RequestId: req-2\t"); strings.Contains(report.Text, "Status") {
		t.Errorf("report %q", report.Text)
	}

	next := start(t, p.function, calling("req-3", `{"n":3}`))
	p.meet(t, 2)
	p.do(t, http.MethodGet, nextEvent, "")
	p.do(t, http.MethodPost, runtimeAPI+"invocation/req-3/response", "3")
	if got := <-next; got.answer != "3" {
		t.Errorf("answer %q, %v", got.answer, got.err)
	}
}

// An answer that comes too late for its caller frees its place, and the process lives on.
func TestSharedProcessAnswersTooLate(t *testing.T) {
	t.Parallel()
	p, slow := newPuppet(t, func(s *function.ProcessSpec) {
		s.Environment[maxConcurrency], s.Timeout = "2", 1500*time.Millisecond
	})
	began := time.Now()
	p.do(t, http.MethodGet, nextEvent, "")
	eventually(t, "half of its time has passed", func() bool { return time.Since(began) > 750*time.Millisecond })
	other := start(t, p.function, calling("req-2", `{"n":2}`))
	p.do(t, http.MethodGet, nextEvent, "")
	_ = functionError(t, (<-slow).err)
	p.do(t, http.MethodPost, runtimeAPI+"invocation/req-1/response", "1")
	if report := p.lines.wait(t, "REPORT RequestId: req-1\t"); !strings.HasSuffix(report.Text, "\tStatus: timeout\t") {
		t.Errorf("report %q", report.Text)
	}
	p.do(t, http.MethodPost, runtimeAPI+"invocation/req-2/response", "2")
	if got := <-other; got.answer != "2" {
		t.Errorf("answer %q, %v", got.answer, got.err)
	}
	third := start(t, p.function, calling("req-3", `{"n":3}`))
	if _, text, _ := p.do(t, http.MethodGet, nextEvent, ""); text != `{"n":3}` {
		t.Errorf("event %s", text)
	}
	p.do(t, http.MethodPost, runtimeAPI+"invocation/req-3/response", "3")
	if got := <-third; got.answer != "3" {
		t.Errorf("answer %q, %v", got.answer, got.err)
	}
}

// The conversation with a runtime that asks for several events: each answer goes to whom its id names, in any order, and a
// runtime that asks less often than it answers is not waited for.
func TestSharedRuntimeAPI(t *testing.T) {
	t.Parallel()
	p, first := newPuppet(t, func(s *function.ProcessSpec) { s.Environment[maxConcurrency] = "2" })
	p.do(t, http.MethodGet, nextEvent, "")
	second := start(t, p.function, calling("req-2", `{"n":2}`))
	if _, text, _ := p.do(t, http.MethodGet, nextEvent, ""); text != `{"n":2}` {
		t.Errorf("event %s", text)
	}
	for _, step := range []struct {
		name, resource string
		status         int
	}{
		{"an error in init is none any more", "init/error", http.StatusForbidden},
		{"nobody's", "invocation/req-3/response", http.StatusBadRequest},
		{"the second's", "invocation/req-2/response", http.StatusAccepted},
		{"the first's", "invocation/req-1/response", http.StatusAccepted},
	} {
		if status, text, _ := p.do(t, http.MethodPost, runtimeAPI+step.resource, `"`+step.name+`"`); status != step.status {
			t.Errorf("%s: %d %s, want %d", step.name, status, text, step.status)
		}
	}
	// Twice is refused, as a wrong transition or, after a while, as a wrong id.
	if status, text, _ := p.do(t, http.MethodPost, runtimeAPI+"invocation/req-2/response", "2"); status != http.StatusForbidden && status != http.StatusBadRequest {
		t.Errorf("the second's again: %d %s", status, text)
	}
	for want, results := range map[string]chan result{`"the first's"`: first, `"the second's"`: second} {
		if got := <-results; got.answer != want || got.err != nil {
			t.Errorf("answer %q, %v; want %s", got.answer, got.err, want)
		}
	}
	if err := p.tracker.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// A change of the code takes a process out of service; it ends when its last invocation has.
func TestSharedProcessIsRenewed(t *testing.T) {
	t.Parallel()
	log := new(buffer)
	host, lines := hostOf(t, function.HostOptions{Watch: true, Log: slog.New(slog.NewTextHandler(log, nil))})
	spec := sharedSpec(t, "meeting", 4)
	code := filepath.Join(spec.Directory, "code.txt")
	write(t, code, "1")
	p := processOf(t, host, spec)
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := echo(t, p, "1").PID
	hanging := start(t, p, calling("a", `{"do":"hang"}`))
	lines.wait(t, "START RequestId: a ")
	write(t, code, "2")
	eventually(t, "the change is noticed", func() bool { return log.count(restarted) == 1 })
	after := echo(t, p, "2").PID
	if after == before {
		t.Error("the old process was given an invocation")
	}
	select {
	case got := <-hanging:
		t.Errorf("it was cut off: %+v", got)
	default:
	}
	signal(t, before, syscall.SIGKILL)
	_ = functionError(t, (<-hanging).err)
	if still := echo(t, p, "3").PID; still != after {
		t.Errorf("process %d, want %d still", still, after)
	}
	write(t, code, "3")
	gone(t, after) // it was free
}

// The queue of a shared process has a limit, too, and the refusal says what is waited for.
func TestSharedProcessQueueIsBounded(t *testing.T) {
	t.Parallel()
	host, _ := hostOf(t, function.HostOptions{})
	spec := sharedSpec(t, "lambda", 2)
	spec.Timeout = 300 * time.Millisecond
	p := processOf(t, host, spec)
	answers := make(chan error, 1100)
	for range 1100 {
		go func() {
			_, err := p.Invoke(t.Context(), request(`{"do":"hang"}`))
			answers <- err
		}()
	}
	err := <-answers
	const want = `function "f": function is throttled: 1000 invocations wait for its process, which has 2`
	if err == nil || !errors.Is(err, function.ErrThrottled) || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// What is no number is refused where the function is declared; a runtime of gatewayd's own has one invocation at a time.
func TestMaxConcurrency(t *testing.T) {
	t.Parallel()
	host, _ := hostOf(t, function.HostOptions{})
	for _, value := range []string{"", "0", "-1", "1.5", "many", "1601"} {
		spec := goSpec(t, "lambda")
		spec.Overrides = map[string]string{maxConcurrency: value}
		want := `function "f": AWS_LAMBDA_MAX_CONCURRENCY must be a whole number from 1 to 1600, the invocations that one process of the program has at the same time, not "` + value + `"`
		if _, err := host.Process(spec); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	p := processOf(t, host, sharedSpec(t, "lambda", 1))
	if one, two := echo(t, p, "1"), echo(t, p, "2"); one.PID != two.PID {
		t.Errorf("processes %d and %d", one.PID, two.PID)
	}
}

// aws-lambda-go ends after a panic, but not before what runs beside it has ended. What comes meanwhile goes to the next process.
func TestSharedProcessPanics(t *testing.T) {
	t.Parallel()
	host, lines := hostOf(t, function.HostOptions{})
	p := processOf(t, host, sharedSpec(t, "meeting", 4))
	beside := start(t, p, calling("a", `{"do":"meet","n":2,"text":"beside"}`))
	lines.wait(t, "present beside")
	before := echo(t, p, "1").PID
	panicked := start(t, p, calling("b", `{"do":"panic","text":"no"}`))
	if raised := functionError(t, (<-panicked).err); raised.Message != "no" {
		t.Errorf("error %v", raised)
	}
	signal(t, before, syscall.SIGTERM) // the other half of the meeting never comes
	if raised := functionError(t, (<-beside).err); raised.Message != "RequestId: a Error: Runtime exited with error: signal: terminated" {
		t.Errorf("error %v", raised)
	}
	if after := echo(t, p, "2").PID; after == before {
		t.Error("the process that had a panic was used again")
	}
	answered := start(t, p, calling("c", `{"do":"panic","text":"alone"}`))
	if raised := functionError(t, (<-answered).err); raised.Message != "alone" {
		t.Errorf("error %v", raised)
	}
	// Meanwhile the process may still be given events, which fail with it.
	eventually(t, "the next process answers", func() bool {
		_, raised := invoke(t, p, `{}`)
		return raised == nil
	})
}
