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
	"slices"

	"gatewayd/emulator"
)

// testAuthorizerCommand runs one authorizer.
type testAuthorizerCommand struct {
	Name      string   `arg:"" help:"The authorizer."`
	Token     string   `xor:"input" placeholder:"TOKEN" help:"The whole header value, with any Bearer."`
	Header    []string `xor:"input" sep:"none" placeholder:"NAME: VALUE" help:"A header; may be repeated."`
	Event     string   `xor:"input" placeholder:"FILE" help:"The event, given to the function as it is; - is standard input."`
	Query     []string `sep:"none" placeholder:"NAME=VALUE" help:"A query string parameter; may be repeated."`
	MethodARN string   `name:"method-arn" placeholder:"ARN" help:"What the policy is asked about; otherwise the event's, or the one of the console's Test button."`
	JSON      bool     `name:"json" help:"Print JSON."`
	programFlags

	test emulator.AuthorizerTest
}

// Validate reads headers and query parameters. Kong calls it.
func (c *testAuthorizerCommand) Validate() error {
	headers, err := assignments("--header", ":", c.Header)
	if err != nil {
		return err
	}
	query, err := assignments("--query", "=", c.Query)
	c.test = emulator.AuthorizerTest{Token: c.Token, Headers: headers, Query: query, MethodARN: c.MethodARN}
	return err
}

func (c *testAuthorizerCommand) run(ctx context.Context, p *program) error {
	if c.Event != "" {
		var err error
		if c.test.Event, err = p.readFile(c.Event); err != nil {
			return err
		}
	}
	e, err := c.load(p, newLog(p.stderr, textFormat, slog.LevelWarn))
	if err != nil {
		return err
	}
	result, err := e.TestAuthorizer(ctx, c.Name, c.test)
	if err = errors.Join(err, closePrograms(ctx, e, closeTime)); err != nil {
		return err
	}
	if c.JSON {
		err = writeJSON(p.stdout, result)
	} else {
		err = writeTest(p.stdout, &result)
	}
	switch {
	case err != nil || result.Outcome() == emulator.OutcomeAllowed:
		return err
	case result.Outcome() == emulator.OutcomeRefused:
		return exitStatus(exitRefused)
	}
	return exitStatus(exitFailed)
}

func writeTest(w io.Writer, r *emulator.AuthorizerTestResult) error {
	out := &printer{w: w}
	field := func(name, value string) {
		if value != "" {
			out.printf("%-14s %s\n", name, printable(value))
		}
	}
	field("decision", r.Decision)
	field("methodArn", r.MethodARN)
	field("reason", fmt.Sprintf("%s [%s]", r.Reason, r.Code))
	field("hint", r.Hint)
	for _, warning := range r.Warnings {
		field("warning", warning)
	}
	field("clientStatus", fmt.Sprint(r.ClientStatus))
	field("latency", fmt.Sprintf("%d ms", r.Latency))
	field("principalId", r.PrincipalID)
	for _, name := range slices.Sorted(maps.Keys(r.Authorization)) {
		value := "null"
		if text := r.Authorization[name]; text != nil {
			value = *text
		}
		field("authorization", name+"="+value)
	}
	if r.Policy != "" {
		var indented bytes.Buffer
		if err := json.Indent(&indented, []byte(r.Policy), "", "  "); err != nil {
			return err
		}
		out.block("policy", indented.String())
	}
	out.block("log", r.Log)
	return out.err
}
