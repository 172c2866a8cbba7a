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
	buffer [16]byte // what is read goes through an interface: here it need not be allocated each time
}

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
	id := uuid.UUID(i.read(16))
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // of RFC 9562
	return id.String()
}

// extended is an extendedRequestId, the x-amz-apigw-id of the response: 11 bytes in base64url (rest-gateway 2.6).
func (i *ids) extended() string {
	var text [16]byte
	base64.URLEncoding.Encode(text[:], i.read(11))
	return string(text[:])
}

// root is the Root of a new trace: Root=1-<8 hex digits of the time>-<24 hex digits>.
func (i *ids) root(now time.Time) string {
	text := make([]byte, 0, len("Root=1-")+8+1+24)
	seconds := uint32(now.Unix()) //nolint:gosec // the format has 32 bits for the time, as X-Ray's
	var begin [4]byte
	binary.BigEndian.PutUint32(begin[:], seconds)
	text = hex.AppendEncode(append(text, "Root=1-"...), begin[:])
	text = append(text, '-')
	return string(hex.AppendEncode(text, i.read(12)))
}

// parent is the Parent of a trace: 16 hex digits.
func (i *ids) parent(text *[16]byte) []byte {
	hex.Encode(text[:], i.read(8))
	return text[:]
}

// requestID is the client's x-amzn-RequestId where that is a UUID, else a new one (rest-gateway 2.6).
func requestID(r *http.Request, i *ids) string {
	const length = 36 // of the usual notation
	sent := event.HeaderValue(r.Header, "X-Amzn-Requestid")
	if len(sent) != length {
		return i.uuid()
	}
	if _, err := uuid.Parse(sent); err != nil {
		return i.uuid()
	}
	return strings.ToLower(sent)
}

// traceID is the client's X-Amzn-Trace-Id, or a new one (rest-gateway 2.3).
func traceID(r *http.Request, i *ids, now time.Time) string {
	if id := event.HeaderValue(r.Header, "X-Amzn-Trace-Id"); id != "" {
		return id
	}
	return i.root(now)
}
