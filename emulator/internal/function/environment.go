package function

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// phase is where a process is in its life, by what it last asked of the Runtime API.
type phase int

const (
	starting phase = iota // it has not asked for an event yet
	ready                 // it waits for an event, or has some where several run: then their phases say more
	running               // of an invocation: the process has the event
	answered              // of an invocation: it is answered, and the process has not asked for the next
	ending                // it failed, or is being stopped: nothing that it says counts
	reaped                // it is no more
)

// String is the name of the state in Lambda's messages.
func (p phase) String() string {
	switch p {
	case starting:
		return "Started"
	case ready:
		return "Ready"
	case running:
		return "Running"
	case answered:
		return "ResponseSent"
	case ending, reaped:
	}
	return "Exited"
}

// environment is one process of a function, with a Runtime API on a listener of its own: who asks is known by where it asks,
// and a killed process's late answer has nowhere to go.
type environment struct {
	process    *Process
	id         string // 32 hexadecimal digits, which mark every descendant of the process
	generation int
	cmd        *exec.Cmd
	output     *output
	server     *http.Server
	work       chan *invocation // holds those that nobody has fetched
	gone       chan struct{}    // closed when the process has ended
	started    time.Time

	mu    sync.Mutex
	phase phase
	calls []*invocation // those that it has, the oldest first; never more than one unless invocations share it
	init  time.Duration // how long it took to start, until the first report has told it
	timer *time.Timer   // of the init phase, or of the way from SIGTERM to SIGKILL
}

// startEnvironment starts a process for the invocation. The error is an [*Error]: there is no such program, for example.
func startEnvironment(p *Process, call *invocation, argv []string, generation int) error {
	listener, err := new(net.ListenConfig).Listen(p.host.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return p.wrap(fmt.Errorf("%w: %w", ErrUnreachable, err))
	}
	e := &environment{
		process: p, id: newID(), generation: generation,
		work: make(chan *invocation, p.shares), gone: make(chan struct{}), calls: []*invocation{call},
	}
	e.server = &http.Server{Handler: e, ReadHeaderTimeout: time.Minute, ErrorLog: discardLog()}
	if err := e.run(argv, listener.Addr().String()); err != nil {
		_ = listener.Close() // nobody has connected
		if errors.Is(err, errClosed) {
			return p.wrap(fmt.Errorf("%w: %w", ErrUnreachable, err))
		}
		return invalidEntrypoint(call.id, err)
	}
	if !p.host.spawn(func() { _ = e.server.Serve(listener) }) { // it ends when the process does
		_ = listener.Close()
	}
	if p.shares > 1 {
		p.park(e) // the next ones need not wait until it has started
	}
	return nil
}

// run starts the program and the goroutine that waits for its end.
func (e *environment) run(argv []string, address string) error {
	p := e.process
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	e.output = newOutput(p.spec.Name, read, write, p.host.lines.add)
	e.cmd = command(argv, p.spec.Directory)
	e.cmd.Env = p.variables(address, e.id)
	// One pipe for both, as there is one log in Lambda: their lines keep their order.
	e.cmd.Stdout, e.cmd.Stderr = write, write

	e.mu.Lock()
	defer e.mu.Unlock()
	e.started = time.Now()
	if err := p.host.start(e); err != nil {
		e.output.discard()
		return err
	}
	if limit := p.spec.InitTimeout; limit > 0 {
		e.timer = time.AfterFunc(limit, e.expireInit)
	}
	return nil
}

// begin gives the process an invocation. It is false when the process has just ended.
func (e *environment) begin(call *invocation) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	shared := e.process.shares > 1
	switch {
	case e.phase == ready && (shared || len(e.calls) == 0):
	case e.phase == starting && shared: // it gets the event as soon as it asks for one
	default:
		return false
	}
	if e.find(call.id) != nil {
		call.id = newUUID() // the process tells its invocations apart by it
	}
	e.calls = append(e.calls, call)
	if e.phase == ready {
		e.welcome(call)
	}
	return true
}

// find is the invocation with an id, or nil. The caller holds the mutex.
func (e *environment) find(id string) *invocation {
	for _, call := range e.calls {
		if call.id == id {
			return call
		}
	}
	return nil
}

// oldest is the invocation that has been in a phase for the longest time, or nil. The caller holds the mutex.
func (e *environment) oldest(wanted phase) *invocation {
	for _, call := range e.calls {
		if call.phase == wanted {
			return call
		}
	}
	return nil
}

// welcome gives a process that has started an invocation; one without an event has then had all that it wants. The caller
// holds the mutex.
func (e *environment) welcome(call *invocation) {
	if call.initOnly {
		call.resolve(nil, nil)
		e.free(call)
		return
	}
	e.hand(call)
}

// hand offers the invocation to whoever asks for the next event; its time begins. The caller holds the mutex.
func (e *environment) hand(call *invocation) {
	call.phase = ready
	call.began = time.Now()
	if limit := e.process.spec.Timeout; limit > 0 {
		call.deadline = time.AfterFunc(limit, func() { e.expire(call) })
	}
	e.work <- call
}

// free ends an invocation and keeps the process for the next, or stops it. The caller holds the mutex.
func (e *environment) free(call *invocation) {
	e.calls = slices.DeleteFunc(e.calls, func(other *invocation) bool { return other == call })
	switch {
	case len(e.calls) > 0:
		e.killOverdue()
	case !e.process.park(e):
		e.terminate()
	}
	call.stopTimer()
	e.process.finish(call)
}

// complete reports an invocation that is answered and frees its place. The caller holds the mutex.
func (e *environment) complete(call *invocation) {
	before := answered
	if call.cause != nil {
		before = running // the answer came too late
	}
	e.report(call, before, "", usedMemory(e.cmd.Process))
	e.free(call)
}

// settle is complete for an invocation of several after whose answer nobody has asked for an event.
func (e *environment) settle(call *invocation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase == ready && slices.Contains(e.calls, call) {
		e.complete(call)
	}
}

// expire is called when an invocation has exceeded its time. The others that its process has go on, as on Lambda's Managed
// Instances.
func (e *environment) expire(call *invocation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.calls, call) || e.phase == reaped || call.phase == answered && e.process.shares > 1 {
		return
	}
	e.doom(call, timedOut(call.id, e.process.spec.Timeout))
	if e.process.shares > 1 {
		e.killOverdue()
		return
	}
	e.phase = ending
	e.kill()
}

// killOverdue ends a process in which nothing runs any more but what has exceeded its time. The caller holds the mutex.
func (e *environment) killOverdue() {
	for _, call := range e.calls {
		if !call.overdue() {
			return
		}
	}
	if e.phase == ready {
		e.phase = ending
		e.kill()
	}
}

func (e *environment) expireInit() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase != starting {
		return
	}
	for _, call := range e.calls {
		e.doom(call, timedOut(call.id, e.process.spec.InitTimeout))
	}
	e.phase = ending
	e.kill()
}

// doom tells an invocation why it fails. The caller holds the mutex.
func (e *environment) doom(call *invocation, cause error) {
	call.cause = cause
	call.resolve(nil, cause)
}

// stop ends a process that is free. One that is not is stopped when it becomes so.
func (e *environment) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase == ready && len(e.calls) == 0 {
		e.terminate()
	}
}

// cut ends the process whatever it does.
func (e *environment) cut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase != reaped {
		e.phase = ending
		e.kill()
	}
}

// terminate asks the process to end, and makes it end soon. The caller holds the mutex.
func (e *environment) terminate() {
	e.phase = ending
	e.startTimer(stopGrace)
	terminateGroup(e.cmd.Process)
}

// kill ends the process at once; its descendants follow when it is reaped. The caller holds the mutex.
func (e *environment) kill() {
	e.stopTimer()
	killGroup(e.cmd.Process)
}

func (e *environment) startTimer(d time.Duration) {
	e.stopTimer()
	e.timer = time.AfterFunc(d, e.cut)
}

func (e *environment) stopTimer() {
	if e.timer != nil {
		e.timer.Stop()
	}
}

// await returns when the process and everything that it started have ended.
func (e *environment) await() {
	// What it says about a program that failed is in ProcessState.
	_ = e.cmd.Wait()
	status := e.cmd.ProcessState.String()
	if status == "exit status 0" {
		status = ""
	}
	e.mu.Lock()
	before := e.phase
	e.phase = reaped
	calls := e.calls
	e.calls = nil
	e.stopTimer()
	e.mu.Unlock()

	close(e.gone)
	_ = e.server.Close() // a connection that does not close is the process's, which has ended
	killTree(e.cmd.Process, e.id)
	e.process.host.ended(e)
	for _, call := range calls {
		e.conclude(call, before, status)
	}
	e.output.close()
}

// conclude settles an invocation of a process that has ended.
func (e *environment) conclude(call *invocation, before phase, status string) {
	if before == ready {
		before = call.phase
	}
	call.stopTimer()
	if before == ready && !call.moved && call.cause == nil {
		// It ended while it waited, before it had the event: another gets it.
		call.moved, call.phase, call.began = true, starting, time.Time{}
		e.process.dispatch(call)
		return
	}
	call.resolve(nil, exitedWith(call.id, status))
	e.report(call, before, status, peakMemory(e.cmd.ProcessState))
	e.process.finish(call)
}

// program makes a path that the working directory decides about absolute.
func program(name, directory string) string {
	if filepath.Base(name) != name && !filepath.IsAbs(name) {
		return filepath.Join(directory, name)
	}
	return name
}

func command(argv []string, directory string) *exec.Cmd {
	cmd := &exec.Cmd{Path: program(argv[0], directory), Args: argv, Dir: directory}
	if filepath.Base(argv[0]) == argv[0] {
		if found, err := exec.LookPath(argv[0]); err == nil {
			cmd.Path = found
		} else {
			cmd.Err = err
		}
	}
	return cmd
}

func newID() string { return strings.ReplaceAll(newUUID(), "-", "") }
