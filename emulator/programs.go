package emulator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/function"
)

// FunctionLine is a line of a function's log: what a program wrote, or START, END and REPORT as Lambda writes them.
type FunctionLine = function.Line

// Programs are how functions run that are programs of their own, in any language. The zero value is ready to use.
type Programs struct {
	// Environ is what programs inherit, less what begins with GATEWAYD_; nil is this process's own environment.
	Environ []string

	// Variables are those of programs by function, over what the route file says; under the name Parameters are those of all.
	Variables map[string]map[string]string

	// Shared says that Variables are those of several APIs: a name that this one does not know is left to [NewGroup].
	Shared bool

	// OnOutput is called with every line of the functions' logs, one call at a time; nil discards. No function waits for it:
	// up to 4 MiB of lines do, and a line says how many were dropped beyond.
	OnOutput func(FunctionLine)

	// Watch restarts a program between requests when a file in its directory has changed.
	Watch bool
}

// newHost returns what programs run on. It starts nothing before the first of them is needed.
func (e *Emulator) newHost() *function.Host {
	o := e.options.Programs
	var ignore []string
	if e.source.path != "" {
		ignore = append(ignore, e.source.path)
	}
	return function.NewHost(function.HostOptions{
		Output: e.functionLine, Log: e.log, Environ: o.Environ, Tracker: e.tracker, Watch: o.Watch, Ignore: ignore,
	})
}

func (e *Emulator) functionLine(line FunctionLine) {
	e.logs.add(line)
	if e.options.Programs.OnOutput != nil {
		e.options.Programs.OnOutput(line)
	}
}

// allFunctions is the name under which [Programs.Variables] has those of every program.
const allFunctions = "Parameters"

// checkVariables refuses variables that no program would be given.
func (e *Emulator) checkVariables() error {
	api := e.Loaded().API
	names := e.functions.names()
	for i := range api.Functions {
		names = append(names, api.Functions[i].Name)
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(e.options.Programs.Variables)) {
		f := api.FunctionNamed(name)
		switch {
		case name == allFunctions || f.IsProgram():
		case f.URL != "":
			faults = append(faults, fmt.Errorf("variables of function %q: a function with a url has the environment of its own process", name))
		case slices.Contains(names, name):
			faults = append(faults, fmt.Errorf("variables of function %q: an in-process function shares gatewayd's own environment", name))
		case !e.options.Programs.Shared:
			faults = append(faults, noSuchFunction(name, names))
		}
	}
	return errors.Join(faults...)
}

func noSuchFunction(name string, names []string) error {
	return fmt.Errorf("variables of function %q: there is no such function%s", name, apigw.Suggest(name, names))
}

// checkShared refuses variables that no program of any of these would be given.
func checkShared(members []*Emulator) error {
	names := []string{allFunctions}
	for _, e := range members {
		names = append(names, e.functions.names()...)
		for _, f := range e.Loaded().API.Functions {
			names = append(names, f.Name)
		}
	}
	unknown := map[string]error{}
	for _, e := range members {
		for name := range e.options.Programs.Variables {
			if !slices.Contains(names, name) {
				unknown[name] = noSuchFunction(name, names)
			}
		}
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		faults = append(faults, unknown[name])
	}
	return errors.Join(faults...)
}

// Close ends the programs that functions run as, and waits for invocations of them until ctx ends; then they are killed. It waits
// for the last lines of the access log, and closes its file. An emulator without such functions and such a log need not be closed.
func (e *Emulator) Close(ctx context.Context) error {
	err := e.host.Close(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		e.log.Warn("functions were stopped before they had finished", "cause", err)
	}
	err = errors.Join(err, e.later.close(ctx))
	if fault := e.accessLogs.Close(ctx); fault != nil {
		e.log.Warn("the access log could not be closed", "cause", fault)
	}
	return err
}
