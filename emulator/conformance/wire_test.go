package conformance_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

// Denials to the byte, as they leave a listener: recorded on 2023-11-05, 2026-05-28 and 2026-09-24 (rest-authorizer 6.1, 6.3,
// 6.4, 6.7, 6.12), but for the order of the headers, which is Go's.
func TestDenialsOnTheWire(t *testing.T) {
	t.Parallel()
	const routes = `
api: { stage: dev }
authorizers: { a: { function: authorizer } }
routes: { GET /pets: { function: backend, authorizer: a } }
`
	r := newRunner(t, &testCase{Authorizer: []reply{
		{Answer: "deny"}, {Answer: `{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[]}}`}, {Answer: `{"principalId":"u"}`},
	}}, nil, readShared(t))
	e, err := emulator.New(emulator.Routes(routes), r.functions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, e)
	response := func(status, errorType, body string) string {
		return "HTTP/1.1 " + status + "\nConnection: close\nContent-Length: " + fmt.Sprint(len(body)) + "\nContent-Type: application/json\n" +
			"x-amz-apigw-id: EXTENDED=\nx-amzn-ErrorType: " + errorType + "\nx-amzn-RequestId: UUID\nDate: DATE\n\n" + body
	}
	for _, step := range []struct{ path, header, want string }{
		{"/dev/pets", "", response("401 Unauthorized", "UnauthorizedException", `{"message":"Unauthorized"}`)},
		{"/dev/pets", "Authorization: a\r\n", response("403 Forbidden", "AccessDeniedException",
			`{"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}`)},
		{"/dev/pets", "Authorization: b\r\n", response("403 Forbidden", "AccessDeniedException",
			`{"Message":"User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action"}`)},
		{"/dev/pets", "Authorization: c\r\n", response("500 Internal Server Error", "AuthorizerConfigurationException", `{"message":null}`)},
		{"/dev/dogs", "", response("403 Forbidden", "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`)},
	} {
		got := exchange(t, address, "GET "+step.path+" HTTP/1.1\r\nHost: gatewayd.test\r\nConnection: close\r\n"+step.header+"\r\n")
		for pattern, name := range map[string]string{
			`Date: [A-Z][a-z]{2}, .* GMT`:                                 "Date: DATE",
			`x-amz-apigw-id: [A-Za-z0-9_/+-]{15}=`:                        "x-amz-apigw-id: EXTENDED=",
			`x-amzn-RequestId: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`: "x-amzn-RequestId: UUID",
		} {
			got = regexp.MustCompile(pattern).ReplaceAllString(got, name)
		}
		if diff := cmp.Diff(step.want, strings.ReplaceAll(got, "\r\n", "\n")); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", step.path, step.header, diff)
		}
	}
}

// serve has an emulator listen until the test ends.
func serve(t *testing.T, e *emulator.Emulator) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- e.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// exchange sends bytes and returns all that comes back until the connection is closed.
func exchange(t *testing.T, address, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the other end has closed it
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wireCase is a request as it is sent and the response as it arrives. Lines end in LF here and in CRLF on the wire.
type wireCase struct {
	Source     string           `yaml:"source"`
	Confidence trace.Confidence `yaml:"confidence"`

	Function string `yaml:"function"` // what the backend answers
	Request  string `yaml:"request"`  // the head, without the empty line
	Body     string `yaml:"body"`     // what follows it, as it is

	Response     string         `yaml:"response"` // the head, sorted by name as headers of one name came; "": not looked at, but for its status 200
	ResponseBody string         `yaml:"responseBody"`
	Event        map[string]any `yaml:"event"` // as of a step
}

const wireRoutes = `
api: { stage: dev }
routes: { ANY /a: backend, GET /only-get: backend, "GET /{proxy+}": backend, "POST /{proxy+}": backend }
`

func TestWire(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"requests", "responses"} {
		text, err := os.ReadFile("testdata/gateway/wire/" + file + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range readSections(string(text)) {
			t.Run(file+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				var c wireCase
				decodeStrict(t, s.name, s.text, &c)
				c.run(t)
				if t.Failed() {
					t.Logf("source: %s (%s)", c.Source, c.Confidence)
				}
			})
		}
	}
}

func (c *wireCase) run(t *testing.T) {
	t.Helper()
	backend := answering(c.Function)
	conn := dial(t, serve(t, newEmulator(t, wireRoutes, emulator.Functions{"backend": backend})))
	conn.send(strings.ReplaceAll(c.Request, "\n", "\r\n") + "\r\n" + c.Body)
	method, _, _ := strings.Cut(c.Request, " ")
	head, body := conn.receive(method)
	if c.Response == "" {
		if !strings.HasPrefix(head, "HTTP/1.1 200 OK\n") {
			t.Fatalf("got:\n%s%s", head, body)
		}
	} else if diff := cmp.Diff(c.Response+c.ResponseBody, normalize(head)+body); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
	checkEvent("event", c.Event, backend.event(), func(what string, want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	})
}

// normalize sorts the lines of a head and names what is different each time.
func normalize(head string) string {
	for _, replacement := range []struct{ pattern, name string }{
		{`(?m)^Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$`, "Date: DATE"},
		{`(?m)^x-amz-apigw-id: [A-Za-z0-9_-]{15}=$`, "x-amz-apigw-id: EXTENDED"},
		{`(?m)^x-amzn-RequestId: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, "x-amzn-RequestId: UUID"},
		{`(?m)^X-Amzn-Trace-Id: Root=1-[0-9a-f]{8}-[0-9a-f]{24}$`, "X-Amzn-Trace-Id: ROOT"},
		{`(?m)^X-Amzn-Trace-Id: Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01]$`, "X-Amzn-Trace-Id: TRACE"},
	} {
		head = regexp.MustCompile(replacement.pattern).ReplaceAllString(head, replacement.name)
	}
	lines := strings.Split(strings.TrimSuffix(head, "\n"), "\n")
	slices.SortStableFunc(lines[1:], func(a, b string) int {
		nameA, _, _ := strings.Cut(strings.ToLower(a), ":")
		nameB, _, _ := strings.Cut(strings.ToLower(b), ":")
		return strings.Compare(nameA, nameB)
	})
	return strings.Join(lines, "\n") + "\n"
}

func newEmulator(t *testing.T, routes string, functions emulator.Functions) *emulator.Emulator {
	t.Helper()
	e, err := emulator.New(emulator.Routes(routes), functions, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// client is the other end of a connection. It gives up after 10 s.
type client struct {
	net.Conn
	t      *testing.T
	reader *bufio.Reader
}

func dial(t *testing.T, address string) *client {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // most tests have closed it
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &client{conn, t, bufio.NewReader(conn)}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

// read returns the head of the next response, its lines without what ends them, and its body.
func (c *client) read(method string) (head, body string, err error) {
	length := 0
	for {
		line, err := c.reader.ReadString('\n')
		if err != nil {
			return head, "", err
		}
		line = strings.TrimRight(line, " \r\n")
		if line == "" {
			break
		}
		head += line + "\n"
		if value, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			if length, err = strconv.Atoi(value); err != nil {
				return head, "", err
			}
		}
	}
	if method == http.MethodHead {
		length = 0
	}
	text := make([]byte, length)
	_, err = io.ReadFull(c.reader, text)
	return head, string(text), err
}

// receive reads a response, after which there is nothing but another one.
func (c *client) receive(method string) (head, body string) {
	c.t.Helper()
	head, body, err := c.read(method)
	if err != nil {
		c.t.Fatalf("after %q: %v", head, err)
	}
	if rest, _ := c.reader.Peek(c.reader.Buffered()); len(rest) > 0 && !strings.HasPrefix(string(rest), "HTTP/1.1 ") {
		c.t.Errorf("after the response: %q", rest)
	}
	return head, body
}

// status receives a response and returns its status line and its body.
func (c *client) status() string {
	c.t.Helper()
	return summary(c.receive(http.MethodGet))
}

func summary(head, body string) string {
	line, _, _ := strings.Cut(head, "\n")
	return line + ": " + body
}

// closed reports whether nothing more arrives.
func (c *client) closed() bool {
	_, err := c.reader.ReadByte()
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)
}

const (
	get       = "GET /dev/a HTTP/1.1\r\nHost: x\r\n\r\n"
	forbidden = `HTTP/1.1 403 Forbidden: {"message":"Forbidden"}`
	noRoute   = `HTTP/1.1 403 Forbidden: {"message":"Missing Authentication Token"}`
	tooLarge  = "HTTP/1.1 413 Request Entity Too Large: HTTP content length exceeded 10485760 bytes."
)

// echo answers with the body of the request.
func echo() *raw {
	return &raw{answer: func(_ context.Context, event []byte) ([]byte, error) {
		body, ok := lookUp(decodeJSON(event), "body").(string)
		if !ok {
			body = "none"
		}
		return json.Marshal(map[string]string{"body": body})
	}}
}

// TestPipelining sends several requests at once, refused ones among them: they are answered in order, none for another.
func TestPipelining(t *testing.T) {
	t.Parallel()
	conn := dial(t, serve(t, newEmulator(t, wireRoutes, emulator.Functions{"backend": echo()})))
	for range 3 {
		conn.send("POST /dev/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none" +
			"DELETE /dev/other HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nGET / HTT" +
			"GET /prod HTTP/1.1\r\nHost: x\r\n\r\n" +
			"POST /dev/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ntw\r\n1\r\no\r\n0\r\n\r\n" + get)
		for _, want := range []string{"HTTP/1.1 200 OK: one", noRoute, forbidden, "HTTP/1.1 200 OK: two", "HTTP/1.1 200 OK: none"} {
			if got := conn.status(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
}

// TestExpectContinue has a client wait for leave to send its body.
func TestExpectContinue(t *testing.T) {
	t.Parallel()
	conn := dial(t, serve(t, newEmulator(t, wireRoutes, emulator.Functions{"backend": echo()})))
	conn.send("POST /dev/a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
	if got := conn.status(); got != "HTTP/1.1 100 Continue: " {
		t.Fatalf("got %s", got)
	}
	conn.send("hello")
	if got := conn.status(); got != "HTTP/1.1 200 OK: hello" {
		t.Errorf("got %s", got)
	}
}

// TestHeadLimits holds rest-gateway 4: 10,240 bytes of header lines (reported), and as many of a URL (documented, its answer
// inferred).
func TestHeadLimits(t *testing.T) {
	t.Parallel()
	const limit = 10_240
	address := serve(t, newEmulator(t, wireRoutes, emulator.Functions{"backend": answering(`{"body":"ok"}`)}))
	header := func(size int) string {
		const rest = "Host: x\r\nA: \r\n"
		return "GET /dev/a HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", size-len(rest)) + "\r\n\r\n"
	}
	url := func(size int) string {
		const rest = "/dev/a?"
		return "GET " + rest + strings.Repeat("a", size-len(rest)) + " HTTP/1.1\r\nHost: x\r\n\r\n"
	}
	for _, test := range []struct{ name, request, want string }{
		{"header", header(limit), "HTTP/1.1 200 OK: ok"},
		{"header and a byte", header(limit + 1), "HTTP/1.1 431 Request Header Fields Too Large: HTTP header is larger than 10240 bytes."},
		{"URL", url(limit), "HTTP/1.1 200 OK: ok"},
		{"URL and a byte", url(limit + 1), "HTTP/1.1 414 Request URI Too Long: Request URI too long"},
	} {
		conn := dial(t, address)
		conn.send(test.request)
		if got := conn.status(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

// TestRefusedBody holds that what follows a body which was not read is never taken for a request, and that a client which
// sends everything before it reads anything still gets its answer (rest-gateway 4).
func TestRefusedBody(t *testing.T) {
	t.Parallel()
	const chunk = 1 << 20
	tests := []struct {
		name, head string
		body       func(*client)
	}{
		{
			name: "20 MB in a piece", head: "Content-Length: 20971520",
			body: func(c *client) { c.send(strings.Repeat("x", 20*chunk)) },
		},
		{
			name: "20 MB in chunks", head: "Transfer-Encoding: chunked",
			body: func(c *client) {
				for range 20 {
					c.send("100000\r\n" + strings.Repeat("x", chunk) + "\r\n")
				}
				c.send("0\r\n\r\n")
			},
		},
		{name: "requests", head: "Content-Length: 10485761", body: func(c *client) { c.send(strings.Repeat(get, 100)) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, serve(t, newEmulator(t, wireRoutes, emulator.Functions{"backend": echo()})))
			conn.send("POST /dev/a HTTP/1.1\r\nHost: x\r\n" + test.head + "\r\n\r\n")
			test.body(conn)
			if got := conn.status(); got != tooLarge {
				t.Errorf("got %s, want %s", got, tooLarge)
			}
			if !conn.closed() {
				t.Error("the connection goes on")
			}
		})
	}
}

// The last line of a repeated identity header counts, however its lines are spelled (rest-authorizer 1.13: documented for
// proxy events, inferred here).
func TestLastLineOfAnIdentityHeader(t *testing.T) {
	t.Parallel()
	tokens := make(chan string, 1)
	authorize := emulator.Func(func(_ context.Context, e events.APIGatewayCustomAuthorizerRequest) (json.RawMessage, error) {
		tokens <- e.AuthorizationToken
		return nil, errors.New("Unauthorized")
	})
	e, err := emulator.New(emulator.Routes(`
api: { stage: dev }
authorizers: { auth: { function: auth, identitySource: X-Auth } }
routes: { GET /: { function: auth, authorizer: auth } }
`), emulator.Functions{"auth": authorize}, nil)
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, e)
	for _, lines := range []string{"x-auth: first\r\nX-Auth: last\r\n", "X-Auth: first\r\nx-auth: last\r\n", "X-AUTH: first\r\nX-auth: middle\r\nX-AUTH: last\r\n"} {
		exchange(t, address, "GET /dev/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+lines+"\r\n")
		if got := <-tokens; got != "last" {
			t.Errorf("%q: got %q", lines, got)
		}
	}
}
