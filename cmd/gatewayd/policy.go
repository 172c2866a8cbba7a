package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"gatewayd/emulator"
	"gatewayd/emulator/policy"
	"gatewayd/handlers"
)

type policyCommands struct {
	Eval   policyEvalCommand   `cmd:"" help:"Evaluate a policy for a method ARN, with an account of every statement."`
	Matrix policyMatrixCommand `cmd:"" help:"Evaluate a policy for every route of the route file."`
}

// policyFlags are what is common to both.
type policyFlags struct {
	Policy  string   `required:"" placeholder:"FILE" help:"The policy document; - is standard input."`
	Context []string `sep:"none" placeholder:"KEY=VALUE" help:"A condition key that exists, and no other does; one given twice has two values."`
	JSON    bool     `name:"json" help:"Print JSON."`

	conditions policy.Context
}

// Validate reads the condition keys. Kong calls it.
func (f *policyFlags) Validate() error {
	keys, err := assignments("--context", "=", f.Context)
	f.conditions = emulator.ConditionContext(keys)
	return err
}

type policyEvalCommand struct {
	policyFlags
	MethodARN string `required:"" name:"method-arn" placeholder:"ARN" help:"The method ARN, taken as it is."`
	Action    string `placeholder:"ACTION" default:"execute-api:Invoke" help:"The action (${default})."`
}

func (c *policyEvalCommand) run(_ context.Context, p *program) error {
	document, err := p.readFile(c.Policy)
	if err != nil {
		return err
	}
	evaluation := emulator.EvaluatePolicy(document, policy.Request{Action: c.Action, Resource: c.MethodARN, Context: c.conditions})
	if c.JSON {
		return writeJSON(p.stdout, evaluation)
	}
	return writeEvaluation(p.stdout, &evaluation)
}

func writeEvaluation(w io.Writer, e *emulator.PolicyEvaluation) error {
	out := &printer{w: w}
	out.printf("%s\n", e.Decision)
	if e.Error != "" {
		out.printf("%s\n", printable(e.Error))
	}
	for _, s := range e.Statements {
		sid, applies := "", "applies"
		if s.Sid != "" {
			sid = fmt.Sprintf(" (Sid %q)", s.Sid)
		}
		if !s.Matched {
			applies = "does not apply for its " + string(s.FailedOn)
		}
		out.printf("Statement[%d]%s %s %s: %s\n", s.Index, sid, s.Effect, applies, printable(s.Reason))
	}
	for _, f := range e.Findings {
		out.finding(f)
	}
	return out.err
}

func (p *printer) finding(f policy.Finding) {
	p.printf("warning: %s: %s [%s]\n", printable(f.Path), printable(f.Message), f.Code)
}

type policyMatrixCommand struct{ policyFlags }

func (c *policyMatrixCommand) run(_ context.Context, p *program) error {
	document, err := p.readFile(c.Policy)
	if err != nil {
		return err
	}
	parsed, err := policy.Parse(document)
	if err != nil {
		return fmt.Errorf("%s cannot be used: %w", c.Policy, err)
	}
	e, err := p.load(handlers.Options{Getenv: p.getenv}, emulator.Options{})
	if err != nil {
		return err
	}
	warnings := &printer{w: p.stderr}
	for _, f := range parsed.Findings() {
		warnings.finding(f)
	}
	if warnings.err != nil {
		return warnings.err
	}
	decisions := e.PolicyMatrix(parsed, c.conditions)
	if c.JSON {
		return writeJSON(p.stdout, decisions)
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, tableGap, ' ', 0)
	for i := range decisions {
		d := &decisions[i]
		guard := printable(d.Authorizer)
		if guard == "" {
			guard = open
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", d.Method, printable(d.Path), guard, inWords(d.Decision), printable(d.MethodARN))
	}
	return table.Flush()
}

func inWords(verdict policy.Verdict) string {
	switch verdict {
	case policy.Allow:
		return "allowed"
	case policy.ExplicitDeny:
		return "explicit deny"
	case policy.ImplicitDeny:
	}
	return "implicit deny"
}
