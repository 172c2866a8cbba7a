package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"gatewayd/bench"
)

// server is a program that runs.
type server struct {
	program program
	url     string
	process *exec.Cmd
	stderr  bytes.Buffer
	exited  chan struct{}
}

// startLimit is how long a program has to answer.
const startLimit = 60 * time.Second

// start runs a program and waits until it answers with the right body. It returns how long that took from before the process was
// made.
func start(ctx context.Context, p program) (*server, time.Duration, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, 0, err
	}
	line := p.command(port)
	s := &server{program: p, url: "http://" + address(port), exited: make(chan struct{})}
	s.process = exec.CommandContext(ctx, line[0], line[1:]...)
	s.process.Dir, s.process.Env, s.process.Stderr = p.folder, append(os.Environ(), p.env...), &s.stderr
	begun := time.Now()
	if err := s.process.Start(); err != nil {
		return nil, 0, err
	}
	go func() {
		defer close(s.exited)
		_ = s.process.Wait() // it is killed
	}()
	for !s.answers(ctx) {
		select {
		case <-s.exited:
			return nil, 0, fmt.Errorf("%s ended: %s", p.name, s.stderr.String())
		case <-time.After(200 * time.Microsecond):
		}
		if time.Since(begun) > startLimit {
			s.stop()
			return nil, 0, fmt.Errorf("%s does not answer: %s", p.name, s.stderr.String())
		}
	}
	return s, time.Since(begun), nil
}

// stop ends the program and waits for that.
func (s *server) stop() {
	_ = s.process.Process.Kill() // it may have ended
	<-s.exited
}

// answers asks for the program's first target on a connection of its own.
func (s *server) answers(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+s.program.targets[0].path, http.NoBody)
	if err != nil {
		return false
	}
	request.Close = true
	request.Header.Set("Authorization", "Bearer "+bench.Token())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return err == nil && response.StatusCode == http.StatusOK && string(body) == bench.Answer
}

// freePort is one that nobody listens on, and neither on the next, which serverless-offline takes too.
func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	for range 100 {
		first, err := config.Listen(ctx, "tcp", address(0))
		if err != nil {
			return 0, err
		}
		tcp, ok := first.Addr().(*net.TCPAddr)
		if !ok {
			return 0, errors.Join(errors.New("no TCP"), first.Close())
		}
		second, err := config.Listen(ctx, "tcp", address(tcp.Port+1))
		if err == nil {
			return tcp.Port, errors.Join(first.Close(), second.Close())
		}
		if err := first.Close(); err != nil {
			return 0, err
		}
	}
	return 0, errors.New("no two ports beside each other are free")
}

// processorTime is what the process has used, and whether that is known.
func (s *server) processorTime() (time.Duration, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		return 0, false
	}
	// The name, in parentheses, may have spaces. The times are the 14th and 15th field, in hundredths of a second.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const user, system = 14 - 3, 15 - 3
	if len(fields) <= system {
		return 0, false
	}
	var ticks int
	for _, field := range []string{fields[user], fields[system]} {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, false
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, true
}

// memory is the process's resident memory in bytes, 0 when it is not known.
func (s *server) memory() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			if err != nil {
				return 0
			}
			return kilobytes << 10
		}
	}
	return 0
}
