package function

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

const (
	// maxLine is the length in bytes at which a longer line is broken.
	maxLine = 64 << 10
	// maxQueued is how many bytes of lines wait for a slow [HostOptions.Output]; what comes when they are that many is
	// dropped, and counted.
	maxQueued = 4 << 20
)

// Line is a line of a function's log: what it wrote, or what Lambda writes about it (START, END, REPORT).
type Line struct {
	// Function is its name.
	Function string
	// RequestID is that of the invocation that ran when the line was written; empty outside of one. Where several run in one
	// process it is empty, too, as nobody can tell whose line it is, but for the lines that Lambda writes.
	RequestID string
	// Text has no line end, and at most 64 KiB.
	Text string
	// Last is true of the REPORT with which Lambda ends an invocation.
	Last bool
}

// output reads what a process writes to stdout and stderr, as fast as it comes, so that nobody's log can hold it up.
type output struct {
	function string
	add      func(Line)
	read     *os.File
	mark     []byte

	writing sync.Mutex // held while a mark is written, which may take until the reader has made room
	write   *os.File   // nil when it is closed

	mu      sync.Mutex
	pending []func() // one for each mark that has not been read

	running []string // the ids of the invocations that have begun; belongs to the reader's goroutine
}

func newOutput(function string, read, write *os.File, add func(Line)) *output {
	// The process cannot write a mark by chance, as it does not know it. It ends a line, and no write of it is ever torn.
	return &output{function: function, add: add, read: read, write: write, mark: []byte("\x00" + rand.Text() + "\n")}
}

// at calls do once everything that was written before has been read, in the reader's goroutine: the lines of an invocation
// stand between its START and its END.
func (o *output) at(do func()) {
	o.writing.Lock()
	defer o.writing.Unlock()
	if o.write == nil {
		return
	}
	o.mu.Lock()
	o.pending = append(o.pending, do)
	o.mu.Unlock()
	_, _ = o.write.Write(o.mark) // the reader reads until the last mark
}

// close ends the reader after what has been written so far, even when a descendant that got away keeps the pipe open.
func (o *output) close() {
	o.at(nil)
	o.writing.Lock()
	defer o.writing.Unlock()
	_ = o.write.Close() // the pipe has nothing that could be lost
	o.write = nil
}

// discard closes a pipe that no process has.
func (o *output) discard() {
	_ = o.write.Close()
	_ = o.read.Close()
}

// run is the reader: it returns at the mark that close makes.
func (o *output) run() {
	defer func() { _ = o.read.Close() }() // nobody reads it any more
	buffer := make([]byte, 0, maxLine+4096)
	for {
		n, err := o.read.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		rest, ended := o.split(buffer)
		if ended || err != nil {
			return
		}
		buffer = buffer[:copy(buffer[:cap(buffer)], rest)]
	}
}

// split passes on the complete lines of data and returns the incomplete one.
func (o *output) split(data []byte) (rest []byte, ended bool) {
	for {
		line, after, found := bytes.Cut(data, []byte{'\n'})
		if !found {
			break
		}
		text, marked := bytes.CutSuffix(data[:len(line)+1], o.mark)
		data = after
		if !marked {
			o.emit(string(bytes.TrimSuffix(line, []byte{'\r'})))
			continue
		}
		if len(text) > 0 {
			o.emit(string(text))
		}
		do := o.next()
		if do == nil {
			return nil, true
		}
		do()
	}
	if len(data) > maxLine {
		// A mark may have begun, but it is not complete.
		cut := maxLine - len(o.mark)
		o.emit(string(data[:cut]))
		data = data[cut:]
	}
	return data, false
}

func (o *output) next() func() {
	o.mu.Lock()
	defer o.mu.Unlock()
	do := o.pending[0]
	o.pending = o.pending[1:]
	return do
}

// emit passes on a line of the process's. It is for the reader's goroutine only.
func (o *output) emit(text string) {
	id := ""
	if len(o.running) == 1 {
		id = o.running[0]
	}
	o.add(Line{Function: o.function, RequestID: id, Text: strings.ToValidUTF8(text, "�")})
}

// tell passes on a line of Lambda's about an invocation. It is for the reader's goroutine only.
func (o *output) tell(id, text string) {
	o.add(Line{Function: o.function, RequestID: o.begun(id), Text: strings.ToValidUTF8(text, "�")})
}

// end emits the last line of an invocation. It is for the reader's goroutine only.
func (o *output) end(id, text string) {
	o.add(Line{Function: o.function, RequestID: o.begun(id), Text: text, Last: true})
	o.running = slices.DeleteFunc(o.running, func(other string) bool { return other == id })
}

// begun is the id, if its invocation has begun: the lines before that belong to none.
func (o *output) begun(id string) string {
	if slices.Contains(o.running, id) {
		return id
	}
	return ""
}

// lines is the queue between the readers and the owner's log.
type lines struct {
	write func(Line)    // nil when nobody wants them
	wake  chan struct{} // holds one element when there may be something to write

	mu      sync.Mutex
	queue   []Line
	bytes   int
	dropped int
	lost    Line // the first that was dropped
}

// add never waits.
func (l *lines) add(line Line) {
	if l.write == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bytes+len(line.Text) > maxQueued {
		if l.dropped == 0 {
			l.lost = line
		}
		l.dropped++
		return
	}
	l.queue = append(l.queue, line)
	l.bytes += len(line.Text)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// take returns what waits, and at its end how much more there was.
func (l *lines) take() []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	batch := l.queue
	if l.dropped > 0 {
		l.lost.Text = fmt.Sprintf("gatewayd dropped %d lines here: the log could not keep up", l.dropped)
		batch = append(batch, l.lost)
	}
	l.queue, l.bytes, l.dropped = nil, 0, 0
	return batch
}

// run writes lines until stop is closed and all are written.
func (l *lines) run(stop <-chan struct{}) {
	for stopped := false; !stopped; {
		select {
		case <-l.wake:
		case <-stop:
			stopped = true
		}
		for _, line := range l.take() {
			l.write(line)
		}
	}
}
