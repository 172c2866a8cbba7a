package conformance_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatewayd/emulator"
	"gatewayd/emulator/emulatortest"
	"gatewayd/emulator/trace"
)

func TestFailure(t *testing.T) {
	t.Parallel()
	runCases(t, "gateway/failure")
}

func TestCustomized(t *testing.T) {
	t.Parallel()
	runCases(t, "gateway/customized")
}

func TestValidation(t *testing.T) {
	t.Parallel()
	runCases(t, "gateway/validation")
}

func TestCORS(t *testing.T) {
	t.Parallel()
	runCases(t, "gateway/cors")
}

// TestCustomizedLimits holds rest-gateway 4 and 14 G12: what the listener refuses in plain text has no gateway response, what the
// integration does not take has one.
func TestCustomizedLimits(t *testing.T) {
	t.Parallel()
	gateway := emulatortest.Run(t, emulator.Routes(`
api: { stage: dev }
routes: { POST /a: backend }
gatewayResponses: { REQUEST_TOO_LARGE: { statusCode: 499, headers: { x-own: "'yes'" } }, DEFAULT_4XX: { statusCode: 498 } }
`), emulator.Functions{"backend": answering(`{}`)}, nil)
	for _, test := range []struct {
		name string
		size int
		want string
		own  bool
	}{
		{name: "over 10 MB", size: 10_485_761, want: "413 HTTP content length exceeded 10485760 bytes."},
		{name: "over 6 MB", size: 7_000_000, want: `499 {"message":"Request Too Long"}`, own: true},
	} {
		got := gateway.Do("POST", "/dev/a", strings.Repeat("x", test.size))
		if got.String() != test.want || (got.Header.Get("x-own") != "") != test.own {
			t.Errorf("%s: got %s with %v, want %s", test.name, got, got.Header, test.want)
		}
	}
}

// refusal is what a client receives of a request that was refused, and why.
type refusal struct {
	Status                       int
	Body, ErrorType, ContentType string
	Traced                       bool // it has X-Amzn-Trace-Id
	Code                         trace.Code
}

func refusalOf(r emulatortest.Response) refusal {
	return refusal{
		Status: r.Status, Body: r.Body, ErrorType: r.Header.Get("x-amzn-ErrorType"), ContentType: r.Header.Get("Content-Type"),
		Traced: r.Header.Get("X-Amzn-Trace-Id") != "", Code: r.Trace.Code,
	}
}

// internalError is a refusal for what came of the integration (rest-gateway 3.2, 3.3).
func internalError(status int, code trace.Code) refusal {
	return refusal{
		Status: status, Body: internalServerError, ErrorType: "InternalServerErrorException", ContentType: "application/json",
		Traced: true, Code: code,
	}
}

// TestLimits holds rest-gateway 4, and of 0.1 that the stage goes first, the size second, the route third.
func TestLimits(t *testing.T) {
	t.Parallel()
	const limit = 10_485_760
	tooLarge := refusal{Status: 413, Body: "HTTP content length exceeded 10485760 bytes.", ContentType: "text/plain", Code: trace.LimitBody}
	tooLong := refusal{Status: 413, Body: `{"message": "Request Too Long"}`, ContentType: "application/json", Code: trace.LimitBody}
	answered := refusal{Status: 200, ContentType: "application/json", Traced: true, Code: trace.IntegrationOK}
	tests := []struct {
		name, target, confidence string
		size                     int
		contentType              string
		want                     refusal
	}{
		{name: "over 10 MB", target: "/dev/a", size: limit + 1, want: tooLarge, confidence: "recorded"},
		{name: "over 10 MB without a route", target: "/dev/other", size: limit + 1, want: tooLarge, confidence: "inferred"},
		{
			name: "over 10 MB without a stage", target: "/prod/a", size: limit + 1, confidence: "inferred",
			want: refusal{Status: 403, Body: `{"message":"Forbidden"}`, ErrorType: "ForbiddenException", ContentType: "application/json", Code: trace.RouteUnknownStage},
		},
		{
			name: "10 MB without a route", target: "/dev/other", size: limit, confidence: "inferred",
			want: refusal{
				Status: 403, Body: `{"message":"Missing Authentication Token"}`, ErrorType: "MissingAuthenticationTokenException",
				ContentType: "application/json", Code: trace.RouteNotFound,
			},
		},
		{name: "10 MB, over what Lambda takes", target: "/dev/a", size: limit, want: tooLong, confidence: "recorded"},
		{name: "6 MB in base64", target: "/dev/a", size: 4_800_000, contentType: "image/png", want: tooLong, confidence: "recorded"},
		{name: "4.5 MB in base64", target: "/dev/a", size: 4_500_000, contentType: "image/png", want: answered, confidence: "recorded"},
	}
	text := strings.Repeat("x", limit+1)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			gateway := emulatortest.Run(t, emulator.Routes(`{api: {stage: dev, binaryMediaTypes: [image/png]}, routes: {POST /a: backend}}`),
				emulator.Functions{"backend": answering(`{}`)}, nil)
			got := refusalOf(gateway.Do("POST", test.target, text[:test.size], "Content-Type", test.contentType))
			if got.Status == 413 {
				got.ErrorType = "" // not recorded (rest-gateway 5.1)
			}
			if got.Status == 413 && got.Body == tooLong.Body {
				got.Traced = false // not recorded
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("rest-gateway 4 (%s), -want +got:\n%s", test.confidence, diff)
			}
		})
	}
}

// TestLargeEvent holds rest-gateway 4: what Lambda takes is 6 MB of event, of which the body is a part.
func TestLargeEvent(t *testing.T) {
	t.Parallel()
	const limit = 6_291_456
	backend := answering(`{}`)
	gateway := emulatortest.Run(t, emulator.Routes(`{api: {stage: dev}, routes: {POST /a: backend}}`), emulator.Functions{"backend": backend}, nil)
	gateway.Do("POST", "/dev/a", "x")
	body := strings.Repeat("x", limit-len(backend.newest)+1)
	if got := gateway.Do("POST", "/dev/a", body); got.Status != 200 || len(backend.newest) != limit {
		t.Errorf("got %s for an event of %d bytes, want 200 for one of %d", got, len(backend.newest), limit)
	}
	if got, want := gateway.Do("POST", "/dev/a", body+"x").String(), `413 {"message": "Request Too Long"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestLargeAnswer holds rest-gateway 4: an answer over Lambda's 6 MB is a function error.
func TestLargeAnswer(t *testing.T) {
	t.Parallel()
	const most = 6_291_556
	const frame = len(`{"body":""}`)
	for _, test := range []struct {
		name   string
		length int
		want   refusal
	}{
		{name: "as much as may be", length: most, want: refusal{Status: 200, ContentType: "application/json", Traced: true, Code: trace.IntegrationOK}},
		{name: "one byte more", length: most + 1, want: internalError(502, trace.IntegrationError)},
		{name: "100 MB", length: 100_000_000, want: internalError(502, trace.IntegrationError)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			gateway := emulatortest.Run(t, emulator.Routes(`{api: {stage: dev}, routes: {GET /a: backend}}`),
				emulator.Functions{"backend": answering(`{"body":"` + strings.Repeat("x", test.length-frame) + `"}`)}, nil)
			response := gateway.Get("/dev/a")
			if response.Status == 200 {
				if len(response.Body) != test.length-frame {
					t.Errorf("the body has %d bytes, want %d", len(response.Body), test.length-frame)
				}
				response.Body = ""
			}
			if diff := cmp.Diff(test.want, refusalOf(response)); diff != "" {
				t.Errorf("rest-gateway 4 (recorded), -want +got:\n%s", diff)
			}
		})
	}
}

// TestGoexit ends a function's goroutine, as t.FailNow does: a function error (rest-gateway 3.2).
func TestGoexit(t *testing.T) {
	t.Parallel()
	gateway := emulatortest.Run(t, emulator.Routes(`{api: {stage: dev}, routes: {GET /a: backend}}`),
		emulator.Functions{"backend": &raw{answer: func(context.Context, []byte) ([]byte, error) {
			runtime.Goexit()
			return nil, nil
		}}}, nil)
	for range 2 {
		if diff := cmp.Diff(internalError(502, trace.IntegrationError), refusalOf(gateway.Get("/dev/a"))); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// TestEndpoint holds rest-gateway 3.2 for functions behind a URL.
func TestEndpoint(t *testing.T) {
	t.Parallel()
	write := func(status int, text string, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text) // a client that has seen enough goes away
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) {
		// A server sees that its client is gone when it has read the whole request.
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	late := internalError(504, trace.IntegrationTimeout)
	late.Body = `{"message": "Endpoint request timed out"}`
	tests := []struct {
		name, confidence string
		endpoint         http.HandlerFunc
		hangs            bool
		want             refusal
	}{
		{
			name: "an answer", endpoint: write(200, `{"statusCode":201,"body":"ok"}`), confidence: "recorded",
			want: refusal{Status: 201, Body: "ok", ContentType: "application/json", Traced: true, Code: trace.IntegrationOK},
		},
		{
			name: "a function error", endpoint: write(200, `{"errorMessage":"broken","errorType":"Error"}`, "X-Amz-Function-Error", "Unhandled"),
			confidence: "recorded", want: internalError(502, trace.IntegrationError),
		},
		{
			name: "a function error in the words of an answer", endpoint: write(200, `{"statusCode":200}`, "X-Amz-Function-Error", "Unhandled"),
			confidence: "inferred", want: internalError(502, trace.IntegrationError),
		},
		{name: "throttled", endpoint: write(429, `{"Reason":"x"}`), confidence: "recorded", want: internalError(500, trace.IntegrationError)},
		{name: "not there", endpoint: write(404, `{}`), confidence: "recorded", want: internalError(500, trace.IntegrationUnreachable)},
		{name: "rubbish", endpoint: write(200, "<html>"), confidence: "recorded", want: internalError(502, trace.IntegrationMalformed)},
		{name: "nothing", endpoint: write(200, ""), confidence: "inferred", want: internalError(502, trace.IntegrationMalformed)},
		{
			name: "100 MB", confidence: "recorded", want: internalError(502, trace.IntegrationError),
			endpoint: func(w http.ResponseWriter, _ *http.Request) {
				for chunk := strings.Repeat("x", 1<<20); ; {
					if _, err := io.WriteString(w, chunk); err != nil {
						return
					}
				}
			},
		},
		{name: "hangs", endpoint: hang, hangs: true, confidence: "recorded", want: late},
		{
			name: "hangs after its head", confidence: "inferred", hangs: true, want: late,
			endpoint: func(w http.ResponseWriter, r *http.Request) {
				_ = http.NewResponseController(w).Flush()
				hang(w, r)
			},
		},
		{
			name: "closed before its head", confidence: "inferred", want: internalError(502, trace.IntegrationUnreachable),
			endpoint: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		},
		{
			name: "closed mid-answer", confidence: "inferred", want: internalError(502, trace.IntegrationUnreachable),
			endpoint: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "100")
				_, _ = io.WriteString(w, `{"statusCode":200,`)
				panic(http.ErrAbortHandler)
			},
		},
		{
			name: "a redirect", confidence: "inferred", want: internalError(502, trace.IntegrationUnreachable),
			endpoint: func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.endpoint)
			t.Cleanup(server.Close)
			limits := "timeoutInMillis: 29000"
			if test.hangs {
				limits = "timeoutInMillis: 50"
			}
			got := callEndpoint(t, server.URL, limits)
			if diff := cmp.Diff(test.want, refusalOf(got)); diff != "" {
				t.Errorf("rest-gateway 3.2 (%s), -want +got:\n%s", test.confidence, diff)
			}
		})
	}
	t.Run("connection refused", func(t *testing.T) {
		t.Parallel()
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Fatal(err)
		}
		got := callEndpoint(t, "http://"+listener.Addr().String(), "timeoutInMillis: 29000")
		if diff := cmp.Diff(internalError(502, trace.IntegrationUnreachable), refusalOf(got)); diff != "" {
			t.Errorf("rest-gateway 3.2 (inferred), -want +got:\n%s", diff)
		}
	})
}

// callEndpoint asks for a route whose function is at a URL and may take as long as it wants.
func callEndpoint(t *testing.T, url, limits string) emulatortest.Response {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	gateway := emulatortest.Run(t, emulator.Routes(`
api: { stage: dev, `+limits+` }
functions: { remote: { url: "`+url+`", timeout: 0 } }
routes: { GET /a: remote }
`), nil, &emulator.Options{Transport: transport})
	return gateway.Get("/dev/a")
}

// TestHeaderCase holds rest-gateway 1.6 and 7.2 (documented): validators and mappings compare the names of headers with case, as the
// client spelled them in its lines. A request that was made in process has no lines, and any case.
func TestHeaderCase(t *testing.T) {
	t.Parallel()
	const routes = `
api: { stage: dev }
routes:
  GET /a: { function: backend, requestValidator: PARAMETERS, requestParameters: { method.request.header.X-Key: true } }
gatewayResponses:
  BAD_REQUEST_PARAMETERS: { headers: { x-small: method.request.header.x-key, x-capital: method.request.header.X-KEY } }
`
	gateway := emulatortest.Run(t, emulator.Routes(routes), emulator.Functions{"backend": answering(`{}`)}, nil)
	if got := gateway.Get("/dev/a", "x-key", "1"); got.Status != http.StatusOK {
		t.Errorf("in process: got %s", got)
	}
	address := serve(t, newEmulator(t, routes, emulator.Functions{"backend": answering(`{}`)}))
	for _, test := range []struct{ line, want string }{
		{line: "X-Key: 1", want: "HTTP/1.1 200 OK"},
		{line: "x-key: 1", want: "HTTP/1.1 400 Bad Request x-small: 1"},
		{line: "X-KEY: 1", want: "HTTP/1.1 400 Bad Request x-capital: 1"},
		{line: "X-Other: 1", want: "HTTP/1.1 400 Bad Request"},
	} {
		text := exchange(t, address, "GET /dev/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+test.line+"\r\n\r\n")
		got, _, _ := strings.Cut(text, "\r\n")
		for line := range strings.SplitSeq(text, "\r\n") {
			if strings.HasPrefix(line, "x-small") || strings.HasPrefix(line, "x-capital") {
				got += " " + line
			}
		}
		if got != test.want {
			t.Errorf("%s: got %s, want %s", test.line, got, test.want)
		}
	}
}
