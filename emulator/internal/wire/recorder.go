package wire

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
)

const (
	// maxHeld is how many bytes a connection holds before it gives up recording.
	maxHeld = 1 << 20
	// maxKept is how many bytes it keeps for the next request. No head that API Gateway accepts is longer (rest-gateway 4).
	maxKept = 16 << 10
	// maxChunk is the size of a chunk that nobody can send.
	maxChunk = 1 << 56
)

// state is what the next byte belongs to.
type state uint8

const (
	inHead      state = iota // a request line or a header line
	held                     // the head is complete: whether a body follows is not known before take
	inBody                   // a body of left bytes
	inChunkSize              // the line before a chunk
	inChunk                  // a chunk of left bytes, its line end included
	inTrailer                // a line after the last chunk
	off                      // the recorder has given up
	over                     // the connection speaks something else: HTTP/2, or what a handler wants
)

// recorder follows what net/http reads from a connection and keeps the head of one request at a time.
//
// It knows by itself only that a head ends with an empty line. All else comes from net/http: take brings its decision about
// the body, answered the end of a request.
type recorder struct {
	mu    sync.Mutex // net/http reads in the background while the handler runs
	state state
	taken bool // the handler has the request that was read last

	head    []byte // as far as it came
	request int    // where its request line begins, after line ends that do not belong there
	line    int    // where the current line begins
	scanned int    // how far the current line was searched for its end
	ahead   []byte // what came after a head that is held

	left   int64 // of a body or a chunk; the size so far in the line before a chunk
	passed bool  // the digits in the line before a chunk, or the beginning of a line after the last one

	lines string   // the header lines of the request before, which clients tend to repeat
	names []string // in lines
}

// read follows the next bytes.
func (r *recorder) read(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.follow(p)
}

// take returns the names and the size of the header lines, and moves on to the body or to the next head.
func (r *recorder) take(req *http.Request) (names []string, size int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken = true
	if r.state != held {
		return nil, 0, false
	}
	end := r.request + bytes.IndexByte(r.head[r.request:], '\n') + 1
	if !isRequestLine(r.head[r.request:end], req) {
		r.stop(off)
		return nil, 0, false
	}
	lines := r.head[end:]
	if string(lines) != r.lines {
		r.lines = string(lines)
		r.names = namesOf(r.lines)
	}
	names, size = r.names, len(strings.TrimSuffix(r.lines[:len(r.lines)-1], "\r"))
	r.next(req)
	return names, size, true
}

// refused returns the head of a request that net/http refuses; ok is false if net/http cannot be refusing one now.
func (r *recorder) refused() (head []byte, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.head), !r.taken && r.state != over
}

// answered ends a request. A handler that did not take it has left the recorder behind.
func (r *recorder) answered() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == held && !r.taken {
		r.stop(off)
	}
	r.taken = false
}

// handOver ends all recording, because HTTP/1 ends.
func (r *recorder) handOver() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop(over)
}

// stop ends the recording for good and lets go of what was kept.
func (r *recorder) stop(last state) {
	r.state = last
	r.head, r.ahead, r.lines, r.names = nil, nil, "", nil
}

// next goes on after a request's head as net/http does, with what has been read since.
func (r *recorder) next(req *http.Request) {
	switch {
	case len(req.TransferEncoding) > 0: // beats a length, which net/http drops
		r.state, r.left, r.passed = inChunkSize, 0, false
	case req.ContentLength > 0:
		r.state, r.left = inBody, req.ContentLength
	default:
		r.state = inHead
	}
	if len(r.lines) > maxKept {
		r.lines, r.names = "", nil
	}
	r.head, r.request, r.line, r.scanned = emptied(r.head), 0, 0, 0
	ahead := r.ahead
	r.ahead = emptied(ahead)
	// If a head is complete in there, its rest moves to the front of the same array, after all else was read from it.
	r.follow(ahead)
}

// follow is the state machine.
func (r *recorder) follow(p []byte) {
	for len(p) > 0 {
		switch r.state {
		case inHead:
			p = r.followHead(p)
		case held:
			r.ahead = append(r.ahead, p...)
			p = nil
		case inBody, inChunk:
			p = r.followBody(p)
		case inChunkSize:
			p = r.followChunkSize(p)
		case inTrailer:
			p = r.followTrailer(p)
		case off, over:
			return
		}
		if len(r.head)+len(r.ahead) > maxHeld {
			r.stop(off)
		}
	}
}

// followHead copies up to the empty line that ends a head, and returns what comes after it.
func (r *recorder) followHead(p []byte) []byte {
	before := len(r.head)
	r.head = append(r.head, p...)
	if r.line == r.request { // net/http drops some line ends before a request line, after a POST
		for r.request < len(r.head) && (r.head[r.request] == '\r' || r.head[r.request] == '\n') {
			r.request++
		}
		r.line, r.scanned = r.request, max(r.scanned, r.request)
	}
	for {
		length := bytes.IndexByte(r.head[r.scanned:], '\n') + 1
		if length == 0 {
			r.scanned = len(r.head)
			return nil
		}
		end := r.scanned + length
		first, empty := r.line == r.request, isEmptyLine(r.head[r.line:end])
		r.line, r.scanned = end, end
		switch {
		case first && r.lines != "" && hasPrefix(r.head[end:], r.lines):
			end += len(r.lines) // what is known ends with its only empty line
			r.hold(end)
			return p[end-before:]
		case empty:
			r.hold(end)
			return p[end-before:]
		}
	}
}

// hold keeps a head that is complete until take is called.
func (r *recorder) hold(end int) {
	r.head, r.state = r.head[:end], held
	if hasPrefix(r.head[r.request:], "PRI * HTTP/2.0\r\n") { // RFC 9113, 3.4
		r.stop(over)
	}
}

func (r *recorder) followBody(p []byte) []byte {
	n := min(r.left, int64(len(p)))
	r.left -= n
	switch {
	case r.left > 0:
	case r.state == inChunk:
		r.state, r.left, r.passed = inChunkSize, 0, false
	default:
		r.state = inHead
	}
	return p[n:]
}

// followChunkSize reads hexadecimal digits; whatever follows them in the line is an extension.
func (r *recorder) followChunkSize(p []byte) []byte {
	switch digit := hexDigit(p[0]); {
	case p[0] == '\n' && r.left == 0:
		r.state, r.passed = inTrailer, false
	case p[0] == '\n':
		r.state, r.left = inChunk, r.left+int64(len("\r\n"))
	case r.passed:
	case digit < 0:
		r.passed = true
	case r.left >= maxChunk:
		r.stop(off)
	default:
		r.left = r.left<<4 + digit
	}
	return p[1:]
}

// followTrailer looks for the empty line that ends a chunked body.
func (r *recorder) followTrailer(p []byte) []byte {
	switch {
	case p[0] == '\n' && !r.passed:
		r.state = inHead
	case p[0] == '\n':
		r.passed = false
	case p[0] != '\r':
		r.passed = true
	}
	return p[1:]
}

// isRequestLine reports whether a line with its end is what net/http made the request of.
func isRequestLine(line []byte, req *http.Request) bool {
	line = bytes.TrimSuffix(line[:len(line)-1], []byte("\r"))
	target := len(req.Method) + 1
	proto := target + len(req.RequestURI) + 1
	return len(line) == proto+len(req.Proto) && string(line[:target-1]) == req.Method &&
		string(line[target:proto-1]) == req.RequestURI && string(line[proto:]) == req.Proto
}

func isEmptyLine(line []byte) bool {
	return len(line) == 1 || len(line) == 2 && line[0] == '\r'
}

// hasPrefix is bytes.HasPrefix for a string, without a copy.
func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// hexDigit returns the value of a hexadecimal digit, -1 for any other byte.
func hexDigit(c byte) int64 {
	switch {
	case '0' <= c && c <= '9':
		return int64(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int64(c|0x20-'a') + 10
	default:
		return -1
	}
}

// emptied returns an empty slice with the array of b, unless that is too large to be kept.
func emptied(b []byte) []byte {
	if cap(b) > maxKept {
		return nil
	}
	return b[:0]
}
