package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"gatewayd/emulator"
	"gatewayd/handlers"
)

// The exit status.
const (
	exitOK     = 0
	exitFailed = 1 // the file, the network or a function
	exitUsage  = 2

	exitRefused = 3 // what was tried is denied or unauthorized
)

// exitStatus is an error that has nothing to say: the command's output has said it.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// program is what a command runs with: the world it was given, and the flags that every command has.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string // with the variables of --env-file
	added          map[string]string   // the variables of --env-file
	routes         string              // the route file
	url            string              // of a running gatewayd's control listener
}

// run is the whole program. It neither reads nor writes anything that it is not given, except for files, the network and
// signals, and it returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	line, err := parse(args, stdout, stderr, getenv)
	var added map[string]string
	if err == nil && !line.helped && line.flags.EnvFile != "" {
		if getenv, added, err = withEnvFile(getenv, line.flags.EnvFile); err == nil {
			// Once more: the file may set the variables of flags, too.
			line, err = parse(args, stdout, stderr, getenv)
		}
	}
	if err == nil && !line.helped {
		err = line.command.run(ctx, &program{
			stdin: stdin, stdout: stdout, stderr: stderr, getenv: getenv, added: added,
			routes: filepath.Clean(line.flags.Routes), url: line.flags.URL,
		})
	}
	return report(stderr, err)
}

// failure is an error with more to say than its text.
type failure struct {
	problems []string // FILE:LINE:COLUMN: message, as editors and CI systems recognize it
	err      error
	hint     string // what to try next
	status   int    // exitFailed if 0

	audited []emulator.AuditedRoute // of a route file that only --strict refuses
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

// report prints an error for a person and returns the exit status.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	if status, ok := errors.AsType[exitStatus](err); ok {
		return int(status)
	}
	f, ok := errors.AsType[*failure](err)
	if !ok {
		f = &failure{err: err}
	}
	for _, problem := range f.problems {
		fmt.Fprintln(stderr, problem)
	}
	fmt.Fprintf(stderr, "error: %v\n", err)
	if f.hint != "" {
		fmt.Fprintf(stderr, "hint: %s\n", f.hint)
	}
	if f.status != 0 {
		return f.status
	}
	return exitFailed
}

// load returns an emulator of the route file with the functions of package handlers.
func (p *program) load(functions handlers.Options, options emulator.Options) (*emulator.Emulator, error) {
	return p.loadFile(p.routes, functions, options)
}

// loadFile is load for another route file.
func (p *program) loadFile(path string, functions handlers.Options, options emulator.Options) (*emulator.Emulator, error) {
	registered := emulator.Functions{}
	for name, fn := range handlers.New(functions) {
		registered[name] = emulator.FuncOf(fn)
	}
	options.Getenv = p.getenv
	e, err := emulator.New(emulator.RoutesFile(path), registered, &options)
	if err == nil {
		return e, nil
	}
	if _, unreadable := errors.AsType[*fs.PathError](err); unreadable {
		return nil, &failure{err: err, hint: "name the route file with --routes FILE or GATEWAYD_ROUTES"}
	}
	return nil, refusedFile(path, err)
}

// refusedFile tells of a route file that is not served.
func refusedFile(path string, err error) error {
	problems := emulator.Problems(err)
	if len(problems) == 0 {
		return err
	}
	lines := make([]string, len(problems))
	for i, problem := range problems {
		lines[i] = problem.String()
	}
	refused := &failure{problems: lines, err: fmt.Errorf("%s has %s and is not served", path, count(len(lines), "problem"))}
	if load, ok := errors.AsType[*emulator.LoadError](err); ok && load.Routes != nil {
		refused.audited = load.Routes
		refused.hint = "without --strict it is served; docs/strict.md has the meaning and the cure of each code in brackets"
	}
	return refused
}

// count is a number of things: "1 problem", "2 problems".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
