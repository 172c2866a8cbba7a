package wire

import (
	"bytes"
	"io"
	"net"
	"time"
)

// conn is a connection whose requests are recorded. It must not have a method ConnectionState: net/http would take it for TLS.
type conn struct {
	net.Conn
	recorder recorder
	refused  func(head, answer []byte) []byte
}

// Read records what it reads.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.recorder.read(p[:n])
	}
	return n, err
}

// Write puts another answer in the place of one that net/http gives by itself.
func (c *conn) Write(p []byte) (int, error) {
	if c.refused == nil || !isRefusal(p) {
		return c.Conn.Write(p)
	}
	head, ok := c.recorder.refused()
	if !ok {
		return c.Conn.Write(p)
	}
	if _, err := c.Conn.Write(c.refused(head, bytes.Clone(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// SetWriteDeadline also notes the end of an answer: there, net/http always clears the deadline.
func (c *conn) SetWriteDeadline(t time.Time) error {
	if t.IsZero() {
		c.recorder.answered()
	}
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline also notes that a handler takes the connection over: net/http clears both deadlines at once only for that.
func (c *conn) SetDeadline(t time.Time) error {
	if t.IsZero() {
		c.recorder.handOver()
	}
	return c.Conn.SetDeadline(t)
}

// CloseWrite lets a client that still writes read its answer: net/http looks for it before it closes a connection early.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// ReadFrom lets the kernel send files (sendfile).
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	if from, ok := c.Conn.(io.ReaderFrom); ok {
		return from.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{c.Conn}, r)
}
