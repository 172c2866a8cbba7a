package function

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// HostOptions are what the processes of a [Host] have in common. The zero value is ready to use.
type HostOptions struct {
	// Output gets every line of the functions' logs, one call at a time, from a goroutine of the host's. It may be slow: no
	// function waits for it. Up to 4 MiB of lines then wait, and what comes beyond is dropped; a line says how many were.
	// nil discards.
	Output func(Line)
	// Log gets what the host itself has to say: a change of the code, a build that failed; nil discards.
	Log *slog.Logger
	// Environ is what functions inherit, less what begins with GATEWAYD_; nil is this process's own, as in os/exec.
	Environ []string
	// Tracker counts the invocations that run; nil is one of the host's own.
	Tracker *Tracker
	// Watch looks for changes of the functions' code, and restarts what runs older code. Ignore are files that are no code,
	// such as a route file, wherever they are.
	Watch  bool
	Ignore []string
}

// Host owns the processes of functions: what starts them, what they write, and that none of them is left when it closes, or
// when this process is killed. It starts nothing before the first function needs it.
type Host struct {
	options HostOptions
	log     *slog.Logger
	tracker *Tracker
	lines   *lines

	begin  sync.Once
	starts chan func() // for the goroutine on whose thread processes are started
	quiet  chan struct{}
	ctx    context.Context //nolint:containedctx // the life of the host's goroutines
	cancel context.CancelFunc

	mu           sync.Mutex
	closed       bool
	forced       bool           // what starts in spite of that is killed
	running      sync.WaitGroup // every goroutine but the log's and the starter's; Add only under mu, before closed
	owned        sync.WaitGroup // these two
	processes    []*Process
	environments map[*environment]struct{}
	keeper       *keeper
	directory    string // of the bootstraps
	warned       map[string]bool
}

// NewHost returns a host without processes. It must be closed.
func NewHost(options HostOptions) *Host {
	h := &Host{
		options: options, log: options.Log, tracker: options.Tracker,
		lines:  &lines{write: options.Output, wake: make(chan struct{}, 1)},
		starts: make(chan func()), quiet: make(chan struct{}),
		environments: make(map[*environment]struct{}), warned: make(map[string]bool),
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	if h.tracker == nil {
		h.tracker = new(Tracker)
	}
	return h
}

// Process returns the function of a spec, without starting it. The same spec gives the same function, with the processes
// that it has, so that a route file can be loaded again without losing them.
func (h *Host) Process(spec ProcessSpec) (*Process, error) {
	p, err := newProcess(spec, h)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, p.wrap(errClosed)
	}
	for _, known := range h.processes {
		if reflect.DeepEqual(known.spec, p.spec) {
			return known, nil
		}
	}
	h.processes = append(h.processes, p)
	return p, nil
}

// Retain stops every function but these: those that a new route file does not have any more. What they are doing goes on to
// its end.
func (h *Host) Retain(used ...*Process) {
	h.mu.Lock()
	var unused []*Process
	h.processes = slices.DeleteFunc(h.processes, func(p *Process) bool {
		stays := slices.Contains(used, p)
		if !stays {
			unused = append(unused, p)
		}
		return !stays
	})
	h.mu.Unlock()
	for _, p := range unused {
		p.close()
	}
}

// Close lets no invocation begin any more, waits for those that run, and stops every process: with SIGTERM and, if that does
// not help within half a second, SIGKILL. When ctx ends, everything is killed at once, and the error wraps ctx.Err().
func (h *Host) Close(ctx context.Context) error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	processes := h.processes
	h.mu.Unlock()

	h.cancel()
	for _, p := range processes {
		p.close()
	}
	err := h.drain(ctx)
	close(h.starts)
	close(h.quiet)
	if h.keeper != nil {
		h.keeper.close()
	}
	if h.directory != "" {
		_ = os.RemoveAll(h.directory) // a folder that stays in the temporary one harms nobody
	}
	if written := h.flush(ctx); err == nil {
		err = written
	}
	return err
}

// drain returns when no process runs any more.
func (h *Host) drain(ctx context.Context) error {
	drained := make(chan struct{})
	go func() {
		h.running.Wait()
		close(drained)
	}()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
	}
	h.mu.Lock()
	h.forced = true
	left := make([]*environment, 0, len(h.environments))
	for e := range h.environments {
		left = append(left, e)
	}
	h.mu.Unlock()
	for _, e := range left {
		e.cut()
	}
	<-drained
	if len(left) == 0 {
		return nil
	}
	return fmt.Errorf("%d function processes were killed: %w", len(left), ctx.Err())
}

// flush waits until the last line is written, or ctx ends: a log that hangs must not keep gatewayd.
func (h *Host) flush(ctx context.Context) error {
	flushed := make(chan struct{})
	go func() {
		h.owned.Wait()
		close(flushed)
	}()
	select {
	case <-flushed:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the log did not take the last lines: %w", ctx.Err())
	}
}

// spawn runs do in a goroutine that Close waits for. It is false when the host is closed.
func (h *Host) spawn(do func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.running.Go(do)
	return true
}

// prepare starts what all processes need, before the first of them.
func (h *Host) prepare() {
	h.begin.Do(func() {
		h.owned.Go(func() { h.lines.run(h.quiet) })
		h.owned.Go(func() {
			// The kernel kills a process when the thread that started it ends (go.dev/issue/27505): this one never does.
			runtime.LockOSThread()
			for start := range h.starts {
				start()
			}
		})
		keeper, err := startKeeper()
		if err != nil {
			h.log.Warn("functions may outlive a killed gatewayd", "error", err)
		}
		h.mu.Lock()
		h.keeper = keeper
		h.mu.Unlock()
	})
}

// start starts the process of an environment, and the goroutines that read its output and wait for its end.
func (h *Host) start(e *environment) error {
	if err := h.launch(e.cmd, e.id); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.environments[e] = struct{}{}
	// Even when the host has been closed since: its Close waits for whoever has called this.
	h.running.Go(e.output.run)
	h.running.Go(e.await)
	if h.forced {
		killGroup(e.cmd.Process)
	}
	return nil
}

// launch starts a command whose descendants all have the id as their mark.
func (h *Host) launch(cmd *exec.Cmd, id string) error {
	h.prepare()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return errClosed
	}
	h.keeper.announce(id)
	isolate(cmd)
	result := make(chan error)
	h.starts <- func() { result <- cmd.Start() }
	if err := <-result; err != nil {
		h.keeper.forget(id)
		return err
	}
	h.keeper.guard(id, cmd.Process.Pid)
	return nil
}

// ended is told that nothing of an environment's process is left.
func (h *Host) ended(e *environment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keeper.forget(e.id)
	delete(h.environments, e)
}

// forget is told that nothing of a command is left.
func (h *Host) forget(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keeper.forget(id)
}

// bootstraps is the folder of the bootstraps, which is written when the first function needs it.
func (h *Host) bootstraps() (string, error) {
	h.prepare()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.directory != "" {
		return h.directory, nil
	}
	directory, err := writeBootstraps()
	if err != nil {
		return "", err
	}
	h.directory = directory
	h.keeper.tidy(directory)
	return directory, nil
}

// warnOnce keeps every start of a process from saying the same.
func (h *Host) warnOnce(function, runtime, instead string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.warned[function] {
		h.warned[function] = true
		h.log.Warn("the runtime is not installed: the function runs with another", "function", function, "runtime", runtime, "instead", instead)
	}
}

func newUUID() string { return uuid.NewString() }

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
