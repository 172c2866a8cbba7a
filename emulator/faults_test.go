package emulator_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/trace"
)

// fault is something that goes wrong around a gateway.
type fault struct {
	name    string
	program bool // of a process, for which a bubble cannot wait
	meet    func(*world)
}

// faults are each with what becomes of the request that it happens to. The other clients' requests are answered as ever.
func faults() []fault {
	return []fault{
		{name: "client leaves in the middle of its body", meet: func(w *world) {
			conn := w.send("POST /dev/waits HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 1000\r\n\r\nhalf of it")
			w.others()
			w.close(conn)
			w.want("/dev/waits", verdict{400, trace.ClientGone})
		}},
		{name: "client leaves while the function runs", meet: func(w *world) {
			conn := w.send("GET /dev/waits HTTP/1.1\r\nHost: gateway.test\r\n\r\n")
			<-w.called
			w.close(conn)
			w.others()
			w.release <- struct{}{}
			// API Gateway finishes what it began: the function was not canceled.
			w.want("/dev/waits", verdict{200, trace.IntegrationOK})
		}},
		{name: "client leaves in the middle of the response", meet: func(w *world) {
			conn := w.send("GET /dev/large HTTP/1.1\r\nHost: gateway.test\r\n\r\n")
			if _, err := io.ReadFull(conn, make([]byte, 1<<10)); err != nil {
				w.t.Error(err)
			}
			w.others()
			w.close(conn)
			w.want("/dev/large", verdict{200, trace.IntegrationOK})
		}},
		{name: "function breaks off its answer", meet: func(w *world) {
			w.get("/dev/breaks")
			w.want("/dev/breaks", verdict{502, trace.IntegrationUnreachable})
		}},
		{name: "function floods", meet: func(w *world) {
			w.get("/dev/floods")
			w.want("/dev/floods", verdict{502, trace.IntegrationError})
		}},
		{name: "function hangs", meet: func(w *world) {
			w.get("/dev/hangs")
			w.want("/dev/hangs", verdict{504, trace.IntegrationTimeout})
		}},
		{name: "function hangs in process", meet: func(w *world) {
			w.get("/dev/stubborn") // it does not heed its context
			w.want("/dev/stubborn", verdict{504, trace.IntegrationTimeout})
			w.others()
			w.release <- struct{}{}
		}},
		{name: "program ends", program: true, meet: func(w *world) {
			w.get("/dev/ends")
			w.want("/dev/ends", verdict{502, trace.IntegrationError})
		}},
		{name: "program hangs", program: true, meet: func(w *world) {
			w.get("/dev/sleeps")
			w.want("/dev/sleeps", verdict{502, trace.IntegrationError})
		}},
		{name: "program floods its log", program: true, meet: func(w *world) {
			answered := w.begun("/dev/yells")
			for range 20 {
				w.others()
			}
			if got := <-answered; !strings.HasPrefix(got, "502 ") {
				w.t.Errorf("got %s", got)
			}
			w.want("/dev/yells", verdict{502, trace.IntegrationError})
		}},
		{name: "route is taken away", meet: func(w *world) {
			inFlight := w.begin("/dev/waits")
			w.file.write(strings.Replace(faultRoutes, "ANY /waits: waits", "", 1))
			if err := w.Reload(); err != nil {
				w.t.Error(err)
			}
			if got := w.get("/dev/waits"); got != `403 {"message":"Missing Authentication Token"}` {
				w.t.Errorf("after the reload: got %s", got)
			}
			w.others()
			w.release <- struct{}{}
			if got := <-inFlight; got != "200 waited" {
				w.t.Errorf("the request in flight: got %s", got)
			}
		}},
		{name: "clock jumps", meet: func(w *world) {
			inFlight := w.begin("/dev/waits")
			for _, jump := range []time.Duration{24 * time.Hour, 0, -48 * time.Hour, 300 * time.Second} {
				w.Clock().Advance(jump)
				w.others()
			}
			w.release <- struct{}{}
			if got := <-inFlight; got != "200 waited" {
				w.t.Errorf("the request in flight: got %s", got)
			}
			// At first and after each of three jumps: neither what has expired is used, nor what is from the future.
			if diff := cmp.Diff(int64(4*clients), w.authorized.Load()); diff != "" {
				w.t.Errorf("calls of the authorizer (-want +got):\n%s", diff)
			}
		}},
		{name: "log has no space left", meet: func(w *world) {
			w.file.write("routes: [")
			if err := w.Reload(); err == nil {
				w.t.Error("the broken file was loaded")
			}
			w.others()
			w.file.write(faultRoutes)
			if err := w.Reload(); err != nil {
				w.t.Error(err)
			}
			if w.log.refused.Load() == 0 {
				w.t.Error("nothing was logged")
			}
		}},
	}
}

const faultRoutes = `
api: { stage: dev, timeoutInMillis: 5000 }
functions:
  breaks: { url: "http://function.test/breaks", timeout: 0 }
  floods: { url: "http://function.test/floods", timeout: 0 }
  hangs: { url: "http://function.test/hangs", timeout: 0 }
  ends: { command: [sh, -c, "exit 3"], timeout: 1 }
  sleeps: { command: [sh, -c, "sleep 1000"], timeout: 1, initTimeout: 1 }
  yells: { command: [sh, -c, "while :; do echo no; done"], timeout: 1, initTimeout: 1 }
authorizers: { caller: { function: caller, authorizerResultTtlInSeconds: 300 } }
routes:
  GET /me: { function: me, authorizer: caller }
  ANY /waits: waits
  GET /stubborn: stubborn
  GET /large: large
  GET /breaks: breaks
  GET /floods: floods
  GET /hangs: hangs
  GET /ends: ends
  GET /sleeps: sleeps
  GET /yells: yells
`

// A goroutine that is left over ends the bubble with a panic.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, fault := range faults() {
		if fault.program {
			continue
		}
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newWorld(t, pipes).meet(fault.meet) })
		})
	}
}

// It counts the process's descriptors, so nothing else may run beside it.
func TestFaultsLeaveNoDescriptor(t *testing.T) {
	before := descriptors(t)
	t.Run("faults", func(t *testing.T) {
		for _, fault := range faults() {
			t.Run(fault.name, func(t *testing.T) {
				t.Parallel()
				newWorld(t, sockets).meet(fault.meet)
			})
		}
	})
	eventually(t, func() string { return cmp.Diff(before, descriptors(t)) })
}

// world is an emulator that serves connections, with clients and functions around it. Its log is on a disk that is full.
type world struct {
	*emulator.Emulator
	t          *testing.T
	file       file
	dial       dialer
	client     *http.Client // of the others
	log        fullDisk
	traces     chan trace.Trace
	called     chan struct{} // by functions that wait
	release    chan struct{} // lets them go on
	authorized atomic.Int64  // calls of the authorizer
}

// clients is how many others there are.
const clients = 8

func newWorld(t *testing.T, listen func(*testing.T) (net.Listener, dialer)) *world {
	t.Helper()
	w := &world{
		t: t, file: newFile(t, faultRoutes),
		traces: make(chan trace.Trace, 1000), called: make(chan struct{}, 1), release: make(chan struct{}),
	}
	behind, dialFunction := listen(t)
	functions := &http.Server{Handler: http.HandlerFunc(misbehave), ReadHeaderTimeout: time.Minute}
	go func() { _ = functions.Serve(behind) }()
	transport := &http.Transport{DialContext: dialFunction}
	var err error
	w.Emulator, err = emulator.New(emulator.RoutesFile(w.file.path), w.functions(), &emulator.Options{
		Transport: transport, Log: slog.New(slog.NewTextHandler(&w.log, nil)), OnTrace: func(t trace.Trace) { w.traces <- t },
	})
	if err != nil {
		t.Fatal(err)
	}
	var front net.Listener
	front, w.dial = listen(t)
	pool := &http.Transport{DialContext: w.dial, MaxIdleConnsPerHost: clients}
	w.client = &http.Client{Transport: pool}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- w.Serve(ctx, front) }()
	t.Cleanup(func() {
		pool.CloseIdleConnections()
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := w.Wait(context.Background()); err != nil {
			t.Error(err)
		}
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
		transport.CloseIdleConnections()
		if err := functions.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// functions are those in process.
func (w *world) functions() emulator.Functions {
	reply := func(body string) (events.APIGatewayProxyResponse, error) {
		return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: body}, nil
	}
	return emulator.Functions{
		"caller": emulator.Func(func(_ context.Context, e events.APIGatewayCustomAuthorizerRequest) (json.RawMessage, error) {
			w.authorized.Add(1)
			return fmt.Appendf(nil, `{"principalId":%q,"policyDocument":{"Version":"2012-10-17",
				"Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":%q}]}}`, e.AuthorizationToken, e.MethodArn), nil
		}),
		"me": emulator.Func(func(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			return reply(fmt.Sprint(e.RequestContext.Authorizer["principalId"]))
		}),
		"waits": emulator.Func(func(ctx context.Context, _ json.RawMessage) (events.APIGatewayProxyResponse, error) {
			w.called <- struct{}{}
			select {
			case <-w.release:
				return reply("waited")
			case <-ctx.Done():
				return reply("canceled")
			}
		}),
		"stubborn": emulator.Func(func(context.Context, json.RawMessage) (events.APIGatewayProxyResponse, error) {
			<-w.release
			return reply("at last")
		}),
		"large": answer(strings.Repeat("x", 1<<20)),
	}
}

// misbehave is the endpoint of the functions that have a URL.
func misbehave(rw http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // so that the server notices when the gateway goes away
	switch r.URL.Path {
	case "/breaks":
		rw.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(rw, `{"statusCode": 200,`)
		panic(http.ErrAbortHandler)
	case "/floods":
		for flood := []byte(strings.Repeat("x", 64<<10)); ; {
			if _, err := rw.Write(flood); err != nil {
				return
			}
		}
	case "/hangs":
		<-r.Context().Done()
	}
}

// meet has a fault happen, and the others served before it and after it.
func (w *world) meet(fault func(*world)) {
	w.others()
	fault(w)
	w.others()
}

// others are clients with connections of their own, that are kept, and tokens of their own.
func (w *world) others() {
	w.t.Helper()
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			if got, want := w.get("/dev/me", "Authorization", strconv.Itoa(i)), "200 "+strconv.Itoa(i); got != want {
				w.t.Errorf("another client: got %s, want %s", got, want)
			}
		})
	}
	group.Wait()
}

// get is the answer to a request of the others: status and body, or an error.
func (w *world) get(path string, header ...string) string {
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://gateway.test"+path, http.NoBody)
	if err != nil {
		return err.Error()
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := w.client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(response.StatusCode, " ", string(body))
}

// begin sends a request to a function that waits, and returns when it does.
func (w *world) begin(path string) <-chan string {
	w.t.Helper()
	got := w.begun(path)
	<-w.called
	return got
}

// begun sends a request, and returns at once.
func (w *world) begun(path string) <-chan string {
	got := make(chan string, 1)
	go func() { got <- w.get(path) }()
	return got
}

// send sends bytes on a connection of their own.
func (w *world) send(text string) net.Conn {
	w.t.Helper()
	conn, err := w.dial(w.t.Context(), "tcp", "gateway.test:80")
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		w.t.Fatal(err)
	}
	return conn
}

func (w *world) close(conn net.Conn) {
	w.t.Helper()
	if err := conn.Close(); err != nil {
		w.t.Error(err)
	}
}

// verdict is what a trace says about a request.
type verdict struct {
	Status int
	Code   trace.Code
}

// want waits for the trace of a request to that path.
func (w *world) want(path string, want verdict) {
	w.t.Helper()
	for found := range w.traces {
		if found.Path != path {
			continue
		}
		if diff := cmp.Diff(want, verdict{found.Status, found.Code}); diff != "" {
			w.t.Errorf("%s: %s (-want +got):\n%s", path, found.Reason, diff)
		}
		return
	}
}

// fullDisk takes nothing.
type fullDisk struct{ refused atomic.Int64 }

func (d *fullDisk) Write([]byte) (int, error) {
	d.refused.Add(1)
	return 0, syscall.ENOSPC
}

// dialer connects to the listener that it came with, whatever the address.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

func sockets(t *testing.T) (net.Listener, dialer) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener, func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, listener.Addr().String())
	}
}

// pipes are connections in memory, which a bubble can wait for.
func pipes(*testing.T) (net.Listener, dialer) {
	listener := &pipeListener{ends: make(chan net.Conn), closed: make(chan struct{})}
	return listener, func(ctx context.Context, _, _ string) (net.Conn, error) {
		client, server := net.Pipe()
		select {
		case listener.ends <- server:
			return client, nil
		case <-listener.closed:
			return nil, net.ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

type pipeListener struct {
	ends   chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case end := <-l.ends:
		return end, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// descriptors is how many this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(open)
}

// eventually waits until there is no problem, which what ends on its own goroutine may need.
func eventually(t *testing.T, problem func() string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for p := problem(); p != ""; p = problem() {
		if time.Now().After(deadline) {
			t.Fatal(p)
		}
		time.Sleep(time.Millisecond)
	}
}

// fewDescriptors is the variable that makes a test binary the child of TestDescriptorsRunOut.
const fewDescriptors = "GATEWAYD_TEST_FEW_DESCRIPTORS"

// It runs itself in a process that may have 64 descriptors.
func TestDescriptorsRunOut(t *testing.T) {
	t.Parallel()
	if os.Getenv(fewDescriptors) != "" {
		runOutOfDescriptors(t)
		return
	}
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	child := exec.Command(shell, "-c", `ulimit -n 64 && exec "$0" -test.run "^TestDescriptorsRunOut$" -test.timeout 60s`, os.Args[0])
	child.Env = append(os.Environ(), fewDescriptors+"=1")
	if output, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

func runOutOfDescriptors(t *testing.T) {
	t.Helper()
	w := newWorld(t, sockets)
	// The others share one connection, which is there before it is too late to open one.
	shared := &http.Transport{DialContext: w.dial, MaxConnsPerHost: 1}
	w.client.Transport = shared
	defer shared.CloseIdleConnections()
	w.others()
	before := descriptors(t)
	taken := takeDescriptors(t)
	w.others()
	w.get("/dev/breaks")
	w.want("/dev/breaks", verdict{502, trace.IntegrationUnreachable})
	if err := w.Reload(); !errors.Is(err, syscall.EMFILE) {
		t.Errorf("reload: got %v, want %v", err, syscall.EMFILE)
	}

	// One is enough for the client's end of a connection. The server gets its end once there are more.
	giveBack(t, taken[:1])
	conn := w.send("GET /dev/me HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: new\r\nConnection: close\r\n\r\n")
	w.others()
	giveBack(t, taken[1:])
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("a client that had to wait: got %s", response.Status)
	}
	w.close(conn)
	if err := w.Reload(); err != nil {
		t.Error(err)
	}
	w.others()
	eventually(t, func() string { return cmp.Diff(before, descriptors(t)) })
}

// takeDescriptors opens files until there is no descriptor left.
func takeDescriptors(t *testing.T) []*os.File {
	t.Helper()
	var taken []*os.File
	for {
		file, err := os.Open(os.DevNull)
		if errors.Is(err, syscall.EMFILE) {
			return taken
		}
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, file)
	}
}

func giveBack(t *testing.T, taken []*os.File) {
	t.Helper()
	for _, file := range taken {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}
