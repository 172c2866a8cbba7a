package gateway

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"gatewayd/emulator/internal/event"
)

// generator is where identifiers come from unless a test has its own source: ChaCha8, of which the system's source gives the
// beginning. It is read a few bytes at a time, for which a system call is dear.
type generator struct {
	mu     sync.Mutex
	stream *mathrand.ChaCha8
}

func newGenerator() *generator {
	var seed [32]byte
	// It never returns an error.
	_, _ = rand.Read(seed[:])
	return &generator{stream: mathrand.NewChaCha8(seed)}
}

func (g *generator) Read(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stream.Read(p)
}

// ids makes identifiers in AWS's formats, one at a time.
type ids struct {
	random io.Reader
	buffer [uuidBytes + extendedBytes + rootBytes]byte // what is read goes through an interface: here it need not be allocated each time
}

// How many random bytes the identifiers of a request have.
const (
	uuidBytes     = 16
	extendedBytes = 11
	rootBytes     = 12
)

// How long they are as text.
const (
	uuidLength     = 36
	extendedLength = 16
	rootLength     = len("Root=1-") + 8 + 1 + 24
)

func newIDs(random io.Reader) *ids { return &ids{random: random} }

// read returns n random bytes, until the next call. An identifier that is not random is no reason to refuse a request, but no
// source that is meant to be used fails.
func (i *ids) read(n int) []byte {
	if _, err := io.ReadFull(i.random, i.buffer[:n]); err != nil {
		panic(fmt.Sprintf("the source of identifiers: %v", err))
	}
	return i.buffer[:n]
}

func (i *ids) uuid() string {
	var text [uuidLength]byte
	return string(appendUUID(text[:0], i.read(uuidBytes)))
}

// appendUUID makes a UUID of random bytes, and changes them.
func appendUUID(text, id []byte) []byte {
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // of RFC 9562
	begin := 0
	for _, end := range [...]int{4, 6, 8, 10} {
		text = append(hex.AppendEncode(text, id[begin:end]), '-')
		begin = end
	}
	return hex.AppendEncode(text, id[begin:uuidBytes])
}

// ofRequest makes those of a request, in one piece of memory: the request id, the extended one and the trace. What the client
// sent of them is kept.
//
// An extendedRequestId, the x-amz-apigw-id of the response, is 11 bytes in base64url (rest-gateway 2.6). A trace is
// Root=1-<8 hex digits of the time>-<24 hex digits>.
func (i *ids) ofRequest(sent identifying, now time.Time) (id, extended, trace string) {
	id, trace = requestID(sent.requestID), sent.traceID
	size := extendedBytes
	if id == "" {
		size += uuidBytes
	}
	if trace == "" {
		size += rootBytes
	}
	random := i.read(size)
	var buffer [uuidLength + extendedLength + rootLength]byte
	text := buffer[:0]
	if id == "" {
		text, random = appendUUID(text, random[:uuidBytes]), random[uuidBytes:]
	}
	text, random = base64.URLEncoding.AppendEncode(text, random[:extendedBytes]), random[extendedBytes:]
	if trace == "" {
		text = appendRoot(text, random, now)
	}
	rest := string(text)
	if id == "" {
		id, rest = rest[:uuidLength], rest[uuidLength:]
	}
	extended, rest = rest[:extendedLength], rest[extendedLength:]
	if trace == "" {
		trace = rest
	}
	return id, extended, trace
}

func appendRoot(text, random []byte, now time.Time) []byte {
	seconds := uint32(now.Unix()) //nolint:gosec // the format has 32 bits for the time, as X-Ray's
	var begin [4]byte
	binary.BigEndian.PutUint32(begin[:], seconds)
	text = hex.AppendEncode(append(text, "Root=1-"...), begin[:])
	return hex.AppendEncode(append(text, '-'), random)
}

// parent is the Parent of a trace: 16 hex digits.
func (i *ids) parent(text *[16]byte) []byte {
	hex.Encode(text[:], i.read(8))
	return text[:]
}

// identifying is what a client sent that becomes part of who asks for what: its id for the request and its trace
// (rest-gateway 2.3, 2.6), and a method in place of the request's (1.4). What was not sent is "".
type identifying struct{ requestID, traceID, method string }

// identifyingHeaders looks for them in one pass: most requests have none.
func identifyingHeaders(r *http.Request) identifying {
	const id, trace, method = "X-Amzn-Requestid", "X-Amzn-Trace-Id", "X-Http-Method-Override"
	var sent identifying
	for name := range r.Header {
		switch len(name) {
		case len(id), len(trace), len(method):
			// Spelled in several ways, the value is the same each time.
			switch {
			case strings.EqualFold(name, id):
				sent.requestID = event.HeaderValue(r.Header, id)
			case strings.EqualFold(name, trace):
				sent.traceID = event.HeaderValue(r.Header, trace)
			case strings.EqualFold(name, method):
				sent.method = event.HeaderValue(r.Header, method)
			}
		}
	}
	return sent
}

// requestID is the client's x-amzn-RequestId where that is a UUID, else "".
func requestID(sent string) string {
	if len(sent) != uuidLength {
		return ""
	}
	if _, err := uuid.Parse(sent); err != nil {
		return ""
	}
	return strings.ToLower(sent)
}
