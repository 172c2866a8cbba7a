package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// brokenRoutes is the file that the README has validated.
const brokenRoutes = `api:
  stge: dev
authorizers:
  tenant: { type: REQUEST, function: tenant }
routes:
  GET /pets: { function: pets, authorizer: tennant }
  GET /files/{path+}/meta: pets
`

// TestReadme runs the commands of README.md and compares what they print with what it says. -update writes it anew.
func TestReadme(t *testing.T) {
	const page = "../../README.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t)
	var out strings.Builder
	block := "" // the language of the block that is read, "" outside of one
	for line := range strings.Lines(string(text)) {
		switch {
		case block == "" && strings.HasPrefix(line, "```"):
			block = strings.TrimSpace(line) + " "
			out.WriteString(line)
			if strings.HasPrefix(block, "```text log ") {
				out.WriteString(r.log())
			}
		case strings.HasPrefix(line, "```"):
			block = ""
			out.WriteString(line)
		case strings.HasPrefix(block, "```console ") && strings.HasPrefix(line, "$ "):
			out.WriteString(line)
			out.WriteString(r.command(strings.TrimSpace(line[2:])))
		case !strings.HasPrefix(block, "```console ") && !strings.HasPrefix(block, "```text log "):
			out.WriteString(line)
		}
	}
	if diff := cmp.Diff(steady(string(text)), steady(out.String())); diff == "" {
		return
	} else if flag.Lookup("update").Value.String() != "true" {
		t.Errorf("README.md shows what the program does not print (-README +program):\n%s", diff)
	} else if err := os.WriteFile(page, []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reader is somebody who follows the README.
type reader struct {
	t         *testing.T
	folder    string
	variables *strings.Replacer
	assigned  []string
	api       string // address
	control   string
	output    *transcript // of serve
	shown     int         // lines of it
	requests  int         // that were sent since the log was shown
}

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{t: t, folder: t.TempDir(), variables: strings.NewReplacer(), api: freeAddress(t), control: freeAddress(t), output: &transcript{}}
	routes, err := os.ReadFile("../../routes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"routes.yaml": routes, "broken.yaml": []byte(brokenRoutes)} {
		if err := os.WriteFile(filepath.Join(r.folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan int)
	_, port, _ := net.SplitHostPort(r.api)
	_, controlPort, _ := net.SplitHostPort(r.control)
	go func() {
		served <- run(ctx, []string{"--port", port, "--control-port", controlPort, "--routes", filepath.Join(r.folder, "routes.yaml")},
			strings.NewReader(""), r.output, io.Discard, r.getenv)
	}()
	t.Cleanup(func() {
		stop()
		<-served
	})
	r.wait(func() bool { return strings.Contains(r.output.text(), "control ") })
	return r
}

func (r *reader) getenv(name string) string {
	return map[string]string{
		"SECRET_KEY": "a secret of this test", "DATABASE_URL": "file:" + filepath.Join(r.folder, "gatewayd.db"),
		"GATEWAYD_URL": "http://" + r.control,
	}[name]
}

// wait polls for what another goroutine is about to do.
func (r *reader) wait(done func() bool) {
	r.t.Helper()
	for range 2000 {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	r.t.Fatalf("gatewayd did not get so far:\n%s", r.output.text())
}

// log is what serve has printed since the last time.
func (r *reader) log() string {
	r.wait(func() bool { return len(r.output.lines()) >= r.shown+r.requests })
	lines := r.output.lines()[r.shown:]
	r.shown, r.requests = r.shown+len(lines), 0
	return r.readable(strings.TrimSuffix(strings.Join(lines, ""), "\n") + "\n")
}

// readable has the addresses and paths that a reader would see.
func (r *reader) readable(text string) string {
	return strings.NewReplacer(r.api, "127.0.0.1:3000", r.control, "127.0.0.1:3001", r.folder+"/", "").Replace(text)
}

// command runs a line of the README and returns what it prints.
func (r *reader) command(line string) string {
	if line == "go run ./cmd/gatewayd" {
		return r.log()
	}
	if name, inner, ok := strings.Cut(line, "=$("); ok {
		value := strings.TrimSpace(r.run(strings.TrimSuffix(inner, ")")))
		r.assigned = append(r.assigned, "$"+name, value)
		r.variables = strings.NewReplacer(r.assigned...)
		return ""
	}
	printed := r.run(r.variables.Replace(line))
	if printed != "" && !strings.HasSuffix(printed, "\n") {
		printed += "\n"
	}
	return r.readable(printed)
}

func (r *reader) run(line string) string {
	words := words(line)
	switch words[0] {
	case "curl":
		return r.curl(words[1:])
	case "gatewayd":
		for i, word := range words {
			if strings.HasSuffix(word, ".yaml") {
				words[i] = filepath.Join(r.folder, word)
			}
		}
		var out bytes.Buffer
		run(r.t.Context(), words[1:], strings.NewReader(""), &out, &out, r.getenv)
		return out.String()
	}
	r.t.Fatalf("the README runs %q", line)
	return ""
}

// words splits a command line at its spaces, which double quotes keep.
func words(line string) []string {
	var all []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			all = append(all, part)
			continue
		}
		all = append(all, strings.Fields(part)...)
	}
	return all
}

// curl is as much of curl as the README uses. It shows header names as they are on the wire.
func (r *reader) curl(args []string) string {
	method, address, head := http.MethodGet, "", false
	header := "Host: 127.0.0.1:3000\r\nUser-Agent: curl\r\nAccept: */*\r\n"
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "-s":
		case "-si":
			head = true
		case "-H":
			i++
			header += args[i] + "\r\n"
		default:
			address = strings.TrimPrefix(args[i], "http://127.0.0.1:3000")
		}
	}
	connection, err := (&net.Dialer{}).DialContext(r.t.Context(), "tcp", r.api)
	if err != nil {
		r.t.Fatal(err)
	}
	defer connection.Close() //nolint:errcheck // everything was read
	if _, err := fmt.Fprintf(connection, "%s %s HTTP/1.1\r\n%s\r\n", method, address, header); err != nil {
		r.t.Fatal(err)
	}
	var received bytes.Buffer
	response, err := http.ReadResponse(bufio.NewReader(io.TeeReader(connection, &received)), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	r.requests++
	if !head {
		return string(body)
	}
	return strings.ReplaceAll(received.String(), "\r\n", "\n")
}

// steady leaves out what differs from run to run.
func steady(text string) string {
	for _, varies := range []struct{ pattern, replacement string }{
		{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, "REQUEST-ID"},
		{`[0-9.]+(µs|ms|s) REQUEST-ID`, "TIME REQUEST-ID"},
		{`Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16}`, "TRACE"},
		{`x-amz-apigw-id: \S+`, "x-amz-apigw-id: ID"},
		{`Date: .*`, "Date: NOW"},
		{`cached [0-9]+ s ago`, "cached N s ago"},
		{`with Base64\): '[^']*'`, "with Base64): 'HASH'"},
	} {
		text = regexp.MustCompile(varies.pattern).ReplaceAllString(text, varies.replacement)
	}
	return text
}

// transcript is what a program printed so far.
type transcript struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(p)
}

func (s *transcript) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}

func (s *transcript) lines() []string {
	return strings.SplitAfter(strings.TrimSuffix(s.text(), "\n"), "\n")
}

// freeAddress is one that nothing listened on a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // another listens there in a moment
	return listener.Addr().String()
}
