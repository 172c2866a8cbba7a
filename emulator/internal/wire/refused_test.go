package wire_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator/internal/wire"
)

// status returns net/http's own answer.
func status(line, body string) string {
	return "HTTP/1.1 " + line + "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" + body
}

const badRequest = "400 Bad Request"

func TestRefused(t *testing.T) {
	t.Parallel()
	const ok = "GET /ok HTTP/1.1\r\nhost: x\r\n\r\n"
	tests := []struct {
		name   string
		sent   string // behind a request that is fine
		head   string // sent, if empty
		answer string // status("400 Bad Request"), if empty
	}{
		{name: "bad percent sign", sent: "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"},
		{name: "space in the path", sent: "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"},
		{name: "two Hosts", sent: "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
		{name: "no Host", sent: "GET / HTTP/1.1\r\n\r\n", answer: "400 Bad Request: missing required Host header"},
		{name: "bad Host", sent: "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", answer: "400 Bad Request: malformed Host header"},
		{name: "bad name", sent: "GET / HTTP/1.1\r\nHost: x\r\nfoo : 1\r\n\r\n", answer: "400 Bad Request: invalid header name"},
		{name: "bad version", sent: "GET / HTTP/3.0\r\nHost: x\r\n\r\n", answer: "505 HTTP Version Not Supported: unsupported protocol version"},
		{name: "end of the request line", sent: "GET\r\n"},
		{name: "TLS", sent: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"},
		{name: "an empty line before", sent: "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
		{
			name: "the body is not the head",
			sent: "POST /%zz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
			head: "POST /%zz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n",
		},
		{
			name:   "too large",
			sent:   "GET / HTTP/1.1\r\nHost: x\r\nbig: " + strings.Repeat("a", 200_000) + "\r\n\r\n",
			head:   "GET / HTTP/1.1\r\nHost: x\r\nbig: ", // and more
			answer: "431 Request Header Fields Too Large",
		},
		{
			name:   "unknown transfer coding",
			sent:   "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
			answer: "501 Not Implemented",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.head == "" {
				test.head = test.sent
			}
			if test.answer == "" {
				test.answer = badRequest
			}
			want := status(test.answer, test.answer)
			if test.name == "unknown transfer coding" {
				want = status(test.answer, "Unsupported transfer encoding")
			}
			handler, records := recordAll(t)
			calls := 0
			answers := play(t, handler, wire.Options{Refused: func(head, answer []byte) []byte {
				calls++
				if !strings.HasPrefix(string(head), test.head) || test.answer[:3] != "431" && len(head) > len(test.head) {
					t.Errorf("head %.300q, want %q", head, test.head)
				}
				if diff := cmp.Diff(want, string(answer)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				return []byte("HTTP/1.1 400 No\r\n\r\n")
			}}, ok+test.sent)
			if calls != 1 || !strings.HasSuffix(answers, "\r\n\r\nHTTP/1.1 400 No\r\n\r\n") {
				t.Errorf("%d calls, answers %q", calls, answers)
			}
			if len(*records) != 1 || !(*records)[0].OK {
				t.Errorf("the request before it: %v", *records)
			}
		})
	}
}

func TestRefusedAnswers(t *testing.T) {
	t.Parallel()
	const sent = "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"
	tests := []struct {
		name    string
		refused func(head, answer []byte) []byte
		want    string
	}{
		{name: "nobody to ask", want: status(badRequest, badRequest)},
		{name: "unchanged", refused: func(_, answer []byte) []byte { return answer }, want: status(badRequest, badRequest)},
		{name: "nothing", refused: func(_, _ []byte) []byte { return nil }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answers := play(t, http.NotFoundHandler(), wire.Options{Refused: test.refused}, sent)
			if diff := cmp.Diff(test.want, answers); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What a handler sends is never taken for a refusal, not even if it is the same to the byte.
func TestRefusedOnlyByTheServer(t *testing.T) {
	t.Parallel()
	refusal := status(badRequest, badRequest)
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string // the end of what the client gets
	}{
		{
			name: "answer",
			handler: func(w http.ResponseWriter, r *http.Request) {
				wire.Headers(r)
				imitate(t, w, badRequest)
			},
			want: refusal,
		},
		{
			name:    "answer with another body, without Headers",
			handler: func(w http.ResponseWriter, _ *http.Request) { imitate(t, w, "400 No") },
			want:    status(badRequest, "400 No"),
		},
		{
			name:    "usual answer, without Headers",
			handler: http.NotFound,
			want:    "\r\n\r\n404 page not found\n",
		},
		{
			name: "body",
			handler: func(w http.ResponseWriter, r *http.Request) {
				wire.Headers(r)
				w.Header()["Transfer-Encoding"] = []string{"identity"} // the body as it is
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
				write(t, w, refusal)
			},
			want: refusal,
		},
		{
			name: "connection taken over",
			handler: func(w http.ResponseWriter, _ *http.Request) {
				c, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				write(t, c, refusal)
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			},
			want: refusal,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answers := play(t, test.handler, wire.Options{Refused: func(head, answer []byte) []byte {
				t.Errorf("refused %q with %q", head, answer)
				return answer
			}}, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if !strings.HasSuffix(answers, test.want) {
				t.Errorf("got %q, want %q at its end", answers, test.want)
			}
		})
	}
}

// imitate answers with what only net/http itself would send, but for the body.
func imitate(t *testing.T, w http.ResponseWriter, body string) {
	t.Helper()
	w.Header()["Content-Type"] = []string{"text/plain; charset=utf-8"}
	w.Header()["Date"] = nil
	w.Header()["Transfer-Encoding"] = []string{"identity"}
	w.WriteHeader(http.StatusBadRequest)
	write(t, w, body)
}

func write(t *testing.T, w io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(w, s); err != nil {
		t.Error(err)
	}
}
