package gateway

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"gatewayd/emulator/internal/event"
)

// ids makes identifiers in AWS's formats.
type ids struct{ random io.Reader }

func newIDs(random io.Reader) ids { return ids{random} }

// read fills a buffer. An identifier that is not random is no reason to refuse a request, but no source that is meant to be
// used fails.
func (i ids) read(buffer []byte) []byte {
	if _, err := io.ReadFull(i.random, buffer); err != nil {
		panic(fmt.Sprintf("the source of identifiers: %v", err))
	}
	return buffer
}

func (i ids) uuid() string {
	id, err := uuid.NewRandomFromReader(i.random)
	if err != nil {
		panic(fmt.Sprintf("the source of identifiers: %v", err))
	}
	return id.String()
}

// extended is an extendedRequestId, the x-amz-apigw-id of the response: 11 bytes in base64url (rest-gateway 2.6).
func (i ids) extended() string { return base64.URLEncoding.EncodeToString(i.read(make([]byte, 11))) }

// root is the Root of a new trace: Root=1-<8 hex digits of the time>-<24 hex digits>.
func (i ids) root(now time.Time) string {
	//nolint:gosec // the format has 32 bits for the time, as X-Ray's
	return fmt.Sprintf("Root=1-%08x-%s", uint32(now.Unix()), hex.EncodeToString(i.read(make([]byte, 12))))
}

// parent is the Parent of a trace: 16 hex digits.
func (i ids) parent() string { return hex.EncodeToString(i.read(make([]byte, 8))) }

// requestID is the client's x-amzn-RequestId where that is a UUID, else a new one (rest-gateway 2.6).
func requestID(r *http.Request, i ids) string {
	sent := event.HeaderValue(r.Header, "X-Amzn-Requestid")
	if id, err := uuid.Parse(sent); err == nil && len(sent) == len(id.String()) {
		return id.String()
	}
	return i.uuid()
}

// traceID is the client's X-Amzn-Trace-Id, or a new one (rest-gateway 2.3).
func traceID(r *http.Request, i ids, now time.Time) string {
	if id := event.HeaderValue(r.Header, "X-Amzn-Trace-Id"); id != "" {
		return id
	}
	return i.root(now)
}
