package function

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// phase is where a process is in its life, by what it last asked of the Runtime API.
type phase int

const (
	starting phase = iota // it has not asked for an event yet
	ready                 // it waits for an event
	running               // it has one
	answered              // it has answered, and has not asked for the next
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
	work       chan *invocation // holds at most the one that nobody has fetched
	gone       chan struct{}    // closed when the process has ended
	started    time.Time

	mu      sync.Mutex
	phase   phase
	current *invocation
	cause   error         // why it is being ended, when that concerns its invocation
	init    time.Duration // how long it took to start, until the first report has told it
	timer   *time.Timer   // of the init phase, or of the way from SIGTERM to SIGKILL
}

// startEnvironment starts a process for the invocation. The error is an [*Error]: there is no such program, for example.
func startEnvironment(p *Process, call *invocation, argv []string, generation int) error {
	listener, err := new(net.ListenConfig).Listen(p.host.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return p.wrap(fmt.Errorf("%w: %w", ErrUnreachable, err))
	}
	e := &environment{
		process: p, id: newID(), generation: generation,
		work: make(chan *invocation, 1), gone: make(chan struct{}), current: call,
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

// begin gives an idle process an invocation. It is false when the process has just ended.
func (e *environment) begin(call *invocation) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase != ready || e.current != nil {
		return false
	}
	e.current = call
	e.hand()
	return true
}

// hand offers the current invocation to whoever asks for the next event; its time begins. The caller holds the mutex.
func (e *environment) hand() {
	call := e.current
	call.began = time.Now()
	if limit := e.process.spec.Timeout; limit > 0 {
		call.deadline = time.AfterFunc(limit, func() { e.expire(call) })
	}
	e.work <- call
}

// free ends the current invocation and keeps the process for the next, or stops it. The caller holds the mutex.
func (e *environment) free() {
	call := e.current
	e.current = nil
	e.phase = ready
	if !e.process.park(e) {
		e.terminate()
	}
	if call == nil {
		return
	}
	call.stopTimer()
	e.process.finish(call)
}

// expire ends a process whose invocation has exceeded its time.
func (e *environment) expire(call *invocation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current != call {
		return
	}
	e.condemn(timedOut(call.id, e.process.spec.Timeout))
}

func (e *environment) expireInit() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase == starting {
		e.condemn(timedOut(e.current.id, e.process.spec.InitTimeout))
	}
}

// condemn kills the process for a reason that its invocation is told. The caller holds the mutex.
func (e *environment) condemn(cause error) {
	if e.phase == reaped {
		return
	}
	e.phase = ending
	e.cause = cause
	e.current.resolve(nil, cause)
	e.kill()
}

// stop ends a process that is free. One that is not is stopped when it becomes so.
func (e *environment) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase == ready && e.current == nil {
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
	call := e.current
	e.current = nil
	e.stopTimer()
	e.mu.Unlock()

	close(e.gone)
	_ = e.server.Close() // a connection that does not close is the process's, which has ended
	killTree(e.cmd.Process, e.id)
	e.process.host.ended(e)
	e.conclude(call, before, status)
	e.output.close()
}

// conclude settles the invocation, if any, of a process that has ended.
func (e *environment) conclude(call *invocation, before phase, status string) {
	switch {
	case call == nil:
		return
	case before == ready && !call.moved:
		// It ended while it waited, before it had the event: another gets it.
		call.stopTimer()
		call.moved, call.began = true, time.Time{}
		e.process.dispatch(call)
		return
	}
	call.stopTimer()
	call.resolve(nil, exitedWith(call.id, status))
	e.report(call, e.cause, before, status, peakMemory(e.cmd.ProcessState))
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
