package wire

import "bytes"

// net/http writes its own answers to a request that it cannot parse in one piece: a status with or without a reason, these
// headers, which hold neither Date nor length, and the status again, except for a transfer coding that it does not know.
const (
	refusalProto   = "HTTP/1.1 "
	refusalHeaders = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
	unknownCoding  = "Unsupported transfer encoding"
)

// isRefusal reports whether p is such an answer, to the byte. It looks at little of those that are not.
func isRefusal(p []byte) bool {
	status, ok := bytes.CutPrefix(p, []byte(refusalProto))
	if !ok || len(status) == 0 || status[0] != '4' && status[0] != '5' {
		return false
	}
	end := max(bytes.IndexByte(status, '\r'), 0)
	body, ok := bytes.CutPrefix(status[end:], []byte(refusalHeaders))
	return ok && (string(body) == string(status[:end]) || string(body) == unknownCoding)
}
