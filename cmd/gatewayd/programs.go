package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"gatewayd/emulator"
	"gatewayd/handlers"
)

// closeTime is how long functions that run as programs may still take when gatewayd stops.
const closeTime = 2 * time.Second

// programFlags say how functions run that are programs of their own.
type programFlags struct {
	EnvVars string `short:"n" placeholder:"FILE" help:"Variables of functions that are programs, in SAM CLI's JSON: {\"NAME\": {\"KEY\": \"value\"}, \"Parameters\": {…}}."`
}

// programs reads the variables. Programs inherit this process's environment, with what --env-file adds.
func (f programFlags) programs(p *program, output func(emulator.FunctionLine)) (emulator.Programs, error) {
	programs := emulator.Programs{OnOutput: output, Environ: os.Environ()}
	for _, name := range slices.Sorted(maps.Keys(p.added)) {
		if os.Getenv(name) == "" {
			programs.Environ = append(programs.Environ, name+"="+p.added[name])
		}
	}
	if f.EnvVars == "" {
		return programs, nil
	}
	text, err := os.ReadFile(f.EnvVars)
	if err == nil {
		programs.Variables, err = parseVariables(text)
	}
	if err != nil {
		return programs, &failure{
			err:  fmt.Errorf("--env-vars %s: %w", f.EnvVars, err),
			hint: `the file is JSON such as {"my-function": {"TABLE": "pets"}}; under Parameters are the variables of all functions`,
		}
	}
	return programs, nil
}

// load reads the route file for a command that calls its functions itself. They have the issuer at --url.
func (f programFlags) load(p *program, log *slog.Logger) (*emulator.Emulator, error) {
	programs, err := f.programs(p, functionLog(p.stderr, textFormat))
	if err != nil {
		return nil, err
	}
	environment := p.defaults(log)
	environment.issueFrom(p.url, "")
	return p.load(handlers.Options{Getenv: environment.get, Log: log}, emulator.Options{Log: log, Programs: programs})
}

// parseVariables reads SAM CLI's JSON: values are text, numbers and booleans as they are written, or null for an empty one.
func parseVariables(text []byte) (map[string]map[string]string, error) {
	var functions map[string]map[string]json.RawMessage
	if err := json.Unmarshal(text, &functions); err != nil {
		return nil, err
	}
	variables := make(map[string]map[string]string, len(functions))
	for _, function := range slices.Sorted(maps.Keys(functions)) {
		variables[function] = map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(functions[function])) {
			value, err := variableOf(name, functions[function][name])
			if err != nil {
				return nil, fmt.Errorf("%s.%s %w", function, name, err)
			}
			variables[function][name] = value
		}
	}
	return variables, nil
}

// variableOf is the value of a variable. An error does not show it, as it may be a secret.
func variableOf(name string, raw json.RawMessage) (string, error) {
	if name == "" || strings.ContainsAny(name, "=\x00") {
		return "", errors.New("cannot be the name of a variable")
	}
	value := string(raw)
	switch raw[0] {
	case '{', '[':
		return "", errors.New("is neither text nor a number nor a boolean")
	case 'n':
		return "", nil
	case '"':
		if err := json.Unmarshal(raw, &value); err != nil {
			return "", err
		}
	}
	if strings.ContainsRune(value, 0) {
		return "", errors.New("holds a zero byte, which no variable can")
	}
	return value, nil
}

// functionLog prints what functions write: their name, the request and the line.
func functionLog(w io.Writer, format string) func(emulator.FunctionLine) {
	if format == jsonFormat {
		log := newLog(w, format, slog.LevelInfo)
		return func(line emulator.FunctionLine) {
			log.Info("function", "function", line.Function, "requestId", line.RequestID, "text", line.Text)
		}
	}
	return func(line emulator.FunctionLine) {
		request := ""
		if line.RequestID != "" {
			request = " " + line.RequestID
		}
		fmt.Fprintf(w, "%s%s: %s\n", line.Function, request, printable(line.Text))
	}
}

// closePrograms ends the programs that functions run as. What they do may still take as long as patience.
func closePrograms(ctx context.Context, e *emulator.Emulator, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := e.Close(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// invokeCommand calls one function.
type invokeCommand struct {
	Name  string `arg:"" help:"The function."`
	Event string `placeholder:"FILE" default:"-" help:"The event, {} if empty; - is standard input (${default})."`
	programFlags
}

func (c *invokeCommand) run(ctx context.Context, p *program) error {
	event, err := c.event(p)
	if err != nil {
		return err
	}
	e, err := c.load(p, newLog(p.stderr, textFormat, slog.LevelWarn))
	if err != nil {
		return err
	}
	answer, err := e.Invoke(ctx, c.Name, emulator.Invocation{Payload: event})
	err = errors.Join(err, closePrograms(ctx, e, closeTime))
	if errors.Is(err, emulator.ErrFunctionNotFound) {
		return &failure{err: err, hint: "functions are those of the route file, and the in-process ones"}
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.stdout, "%s\n", bytes.TrimSuffix(answer.Payload, []byte("\n"))); err != nil {
		return err
	}
	if answer.Failed {
		return &failure{err: fmt.Errorf("function %q failed", c.Name), hint: "what it reported is on standard output, its log on standard error"}
	}
	return nil
}

// event is what the function is called with. Nobody is made to type one: a terminal is an empty file.
func (c *invokeCommand) event(p *program) ([]byte, error) {
	if c.Event == "-" && isTerminal(p.stdin) {
		return []byte("{}"), nil
	}
	event, err := p.readFile(c.Event)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(event)) == 0 {
		return []byte("{}"), nil
	}
	var parsed json.RawMessage
	if err := json.Unmarshal(event, &parsed); err != nil {
		return nil, &failure{err: fmt.Errorf("the event is not JSON: %w", err), hint: "--event FILE names the event; - is standard input"}
	}
	return event, nil
}

// isTerminal reports whether a stream is somebody's keyboard or screen.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
