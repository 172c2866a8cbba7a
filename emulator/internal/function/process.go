package function

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// What a [ProcessSpec] says when it says nothing, and what a route file's defaults are.
const (
	// DefaultConcurrency is how many processes of one function run at most.
	DefaultConcurrency = 10
	// DefaultMemorySize is Lambda's, in MB.
	DefaultMemorySize = 128
	// DefaultInitTimeout is Lambda's limit of the init phase.
	DefaultInitTimeout = 10 * time.Second
)

// maxQueue is how many invocations of a function wait for a process. Lambda has no queue, but a developer's machine has no
// thousand environments either.
const maxQueue = 1000

// stopGrace is the time between SIGTERM and SIGKILL: what Lambda gives a runtime.
const stopGrace = 500 * time.Millisecond

// ProcessSpec says how a function that was written for Lambda is run: by a command, or by the runtime of its language.
type ProcessSpec struct {
	// Name is the function's.
	Name string
	// Command is a program that speaks the Lambda Runtime API, with its arguments. A path is relative to Directory; a bare
	// name is looked up in PATH.
	Command []string
	// Runtime, instead of a Command, is an identifier of Lambda's: python3.x or nodejs20.x. It needs a Handler.
	Runtime string
	// Handler is file.function, told to the function as _HANDLER; a Command without one is told its own name.
	Handler string
	// Directory is where the code is: the working directory, and LAMBDA_TASK_ROOT.
	Directory string
	// Environment is added to what the function inherits and to what Lambda sets; Overrides beat all of these.
	Environment, Overrides map[string]string
	// Region is AWS_REGION and AWS_DEFAULT_REGION; empty is us-east-1.
	Region string
	// Timeout is the function's own, counted from the moment that it can take the event; 0 is none. InitTimeout is that of
	// its start; 0 is none.
	Timeout, InitTimeout time.Duration
	// MemorySize in MB is told to the function, not enforced; 0 is [DefaultMemorySize].
	MemorySize int
	// Concurrency is how many processes run at most, one for each simultaneous invocation; 0 is [DefaultConcurrency]. The
	// invocations beyond wait, up to 1,000 of them; then they are refused with [ErrThrottled].
	//
	// A Command whose variable AWS_LAMBDA_MAX_CONCURRENCY is 2 or more has one process instead, which gets that many
	// invocations at the same time: see [MaxConcurrency].
	Concurrency int
	// Build is a shell command that is run in Directory before the first start and after each change of the code. When it
	// fails, what was built before goes on.
	Build string
}

// Process is a function that runs as programs of its own, in any language. They are started when they are needed, one for
// each simultaneous invocation, and stay for the next ones as Lambda's execution environments do.
//
// A program that exceeds its time or ends without an answer is ended with everything that it started, and the next
// invocation has a fresh one. The caller's ctx only ends the caller's wait: as in Lambda, the function goes on to its own
// timeout.
type Process struct {
	spec   ProcessSpec
	host   *Host
	shares int           // how many invocations one process has at the same time; usually 1
	slots  chan struct{} // one element for each invocation that has, starts or waits for the end of an environment
	done   chan struct{} // closed when no invocation may begin any more

	launching sync.Mutex // held while the process that several invocations share is started

	code      folder
	watching  sync.Once
	preparing sync.Mutex // held while the code is built; guards the next four
	built     bool
	buildErr  error    // why there is nothing to run
	outputs   []string // what the last build wrote
	noise     []string // what is no code, as it changes all the time

	mu         sync.Mutex
	waiting    int
	idle       []*environment // the one that ran last is last
	generation int            // of the code
	closed     bool
}

// errClosed is why a function that was stopped is not reached.
var errClosed = errors.New("the function has been stopped")

func (s *ProcessSpec) validate() error {
	switch {
	case s.Name == "":
		return errors.New("the function has no name")
	case len(s.Command) == 0 && s.Runtime == "":
		return fmt.Errorf("function %q has neither a command nor a runtime", s.Name)
	case len(s.Command) > 0 && s.Runtime != "":
		return fmt.Errorf("function %q has both a command and a runtime", s.Name)
	case s.Runtime != "":
		if err := CheckRuntime(s.Runtime); err != nil {
			return fmt.Errorf("function %q: %w", s.Name, err)
		}
		if s.Handler == "" {
			return fmt.Errorf("function %q has a runtime but no handler", s.Name)
		}
	}
	return nil
}

func newProcess(spec ProcessSpec, host *Host) (*Process, error) {
	if err := spec.validate(); err != nil {
		return nil, err
	}
	directory, err := filepath.Abs(spec.Directory)
	if err != nil {
		return nil, fmt.Errorf("function %q: %w", spec.Name, err)
	}
	spec.Directory = directory
	if spec.Concurrency <= 0 {
		spec.Concurrency = DefaultConcurrency
	}
	if spec.MemorySize <= 0 {
		spec.MemorySize = DefaultMemorySize
	}
	if spec.Region == "" {
		spec.Region = "us-east-1"
	}
	p := &Process{spec: spec, host: host, code: newFolder(directory, host.options.Ignore), done: make(chan struct{})}
	if p.shares, err = p.maxConcurrency(); err != nil {
		return nil, p.wrap(err)
	}
	simultaneous := spec.Concurrency
	if p.shares > 1 {
		simultaneous = p.shares
	}
	p.slots = make(chan struct{}, simultaneous)
	return p, nil
}

// Start starts one process, so that the first invocation finds it ready. The error says why there is none: an [*Error] as an
// invocation would get it, or that ctx has ended.
func (p *Process) Start(ctx context.Context) error {
	if err := p.checkout(ctx); err != nil {
		return p.wrap(err)
	}
	first := newInvocation(Invocation{}, p.host.tracker.start(p.spec.Name, "", time.Now()))
	first.initOnly = true
	start := p.launch
	if p.shares > 1 {
		start = p.share
	}
	if !p.host.spawn(func() { start(first) }) {
		p.abandon(first)
	}
	_, err := p.wait(ctx, first)
	return err
}

// Invoke hands the event to a process that is free, or to one that it starts.
func (p *Process) Invoke(ctx context.Context, in Invocation) ([]byte, error) {
	if err := p.checkout(ctx); err != nil {
		return nil, p.wrap(err)
	}
	call := newInvocation(in, p.host.tracker.start(p.spec.Name, in.RequestID, time.Now()))
	p.dispatch(call)
	return p.wait(ctx, call)
}

// settleTime is how long an answer is held back for the runtime to ask for the next event. Lambda's invocation lasts until
// then, and so the next one finds the process free.
const settleTime = 50 * time.Millisecond

func (p *Process) wait(ctx context.Context, call *invocation) ([]byte, error) {
	select {
	case <-call.resolved:
	case <-ctx.Done():
		return nil, p.wrap(ctx.Err())
	}
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	select {
	case <-call.ended:
	case <-timer.C:
	case <-ctx.Done():
		return nil, p.wrap(ctx.Err())
	}
	return call.answer, call.err
}

// wrap names the function in an error that is not its own.
func (p *Process) wrap(err error) error { return fmt.Errorf("function %q: %w", p.spec.Name, err) }

// checkout waits for the right to use a process. It comes back when the process is free again, or gone.
func (p *Process) checkout(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return fmt.Errorf("%w: %w", ErrUnreachable, errClosed)
	}
	if p.waiting >= maxQueue {
		p.mu.Unlock()
		if p.shares > 1 {
			return fmt.Errorf("%w: %d invocations wait for its process, which has %d", ErrThrottled, maxQueue, p.shares)
		}
		return fmt.Errorf("%w: %d invocations wait for one of its %d processes", ErrThrottled, maxQueue, p.spec.Concurrency)
	}
	p.waiting++
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.waiting--
	}()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.done:
		return fmt.Errorf("%w: %w", ErrUnreachable, errClosed)
	}
}

// dispatch gives the invocation to the process that ran last, because its caches are the warmest, or to a new one.
func (p *Process) dispatch(call *invocation) {
	if p.reuse(call) {
		return
	}
	start := p.launch
	if p.shares > 1 {
		start = p.share
	}
	if !p.host.spawn(func() { start(call) }) {
		p.abandon(call)
	}
}

// reuse gives the invocation to a process that there is. It is false when there is none.
func (p *Process) reuse(call *invocation) bool {
	for e := p.takeIdle(); e != nil; e = p.takeIdle() {
		if e.begin(call) {
			return true
		}
		p.drop(e)
	}
	return false
}

// share gives the invocation to the one process that several have, starting it if nobody else has: they wait for one another
// here, or each would start its own.
func (p *Process) share(call *invocation) {
	p.launching.Lock()
	defer p.launching.Unlock()
	if !p.reuse(call) {
		p.launch(call)
	}
}

// takeIdle returns the process that ran last. One that several invocations share stays for the others.
func (p *Process) takeIdle() *environment {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	e := p.idle[last]
	if p.shares > 1 {
		return e
	}
	p.idle[last] = nil
	p.idle = p.idle[:last]
	return e
}

// park keeps a process for the next invocation. It is not kept when its code is no longer the newest.
func (p *Process) park(e *environment) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || e.generation != p.generation {
		return false
	}
	if !slices.Contains(p.idle, e) {
		p.idle = append(p.idle, e)
	}
	return true
}

// drop forgets a process that takes no invocation any more.
func (p *Process) drop(e *environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = slices.DeleteFunc(p.idle, func(other *environment) bool { return other == e })
}

// launch starts a process for the invocation, and reports to it why there is none.
func (p *Process) launch(call *invocation) {
	p.watch()
	generation, err := p.prepare()
	if err != nil {
		err = buildFailed(call.id, err)
	} else {
		err = p.start(call, generation)
	}
	if err != nil {
		p.give(call, err)
	}
}

func (p *Process) start(call *invocation, generation int) error {
	if _, err := os.Stat(p.spec.Directory); err != nil {
		return invalidEntrypoint(call.id, err)
	}
	argv, err := p.argv()
	if err != nil {
		return invalidEntrypoint(call.id, err)
	}
	return startEnvironment(p, call, argv, generation)
}

// abandon ends an invocation for which no process can be started any more.
func (p *Process) abandon(call *invocation) {
	p.give(call, p.wrap(fmt.Errorf("%w: %w", ErrUnreachable, errClosed)))
}

// give ends an invocation that has no process.
func (p *Process) give(call *invocation, err error) {
	call.resolve(nil, err)
	p.finish(call)
}

// finish is the end of an invocation: its process is free or gone.
func (p *Process) finish(call *invocation) {
	p.host.tracker.end(call.number)
	<-p.slots
	close(call.ended)
}

// renew stops the processes that run older code: those that are free now, the others when they are.
func (p *Process) renew() {
	p.mu.Lock()
	p.generation++
	old := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, e := range old {
		e.stop()
	}
}

// close lets no invocation begin any more. What runs goes on to its end.
func (p *Process) close() {
	p.mu.Lock()
	closed := p.closed
	p.closed = true
	p.mu.Unlock()
	if !closed {
		close(p.done)
		p.renew()
	}
}
