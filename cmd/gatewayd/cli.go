package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"gatewayd/emulator"
	"gatewayd/emulator/apigw"
)

// cli is the command line. Kong reads it from this declaration: commands and flags cannot drift from their help, and nothing is
// global. It is well kept and brings no dependency of its own.
type cli struct {
	Routes  string `short:"r" placeholder:"FILE" default:"./routes.yaml" help:"Route file (${default})."`
	EnvFile string `placeholder:"FILE" help:"File of KEY=VALUE lines to add to the environment; a variable that is set already wins."`
	URL     string `placeholder:"URL" default:"http://127.0.0.1:3001" help:"Control listener of a running gatewayd (${default})."`

	Serve    serveCommand          `cmd:"" default:"withargs" help:"Serve the API; this is what gatewayd does without a command."`
	Validate validateCommand       `cmd:"" help:"Check the route file and print every problem."`
	List     routesCommand         `cmd:"" name:"routes" help:"List the routes with what guards them."`
	Explain  explainCommand        `cmd:"" help:"Say what would become of a request, and why."`
	Policy   policyCommands        `cmd:"" help:"Evaluate policies, without a request."`
	Test     testAuthorizerCommand `cmd:"" name:"test-authorizer" help:"Run one authorizer, as the Test button of AWS's console does."`
	Invoke   invokeCommand         `cmd:"" help:"Call one function."`
	Token    tokenCommand          `cmd:"" help:"Print a signed token, valid or wrong in one respect."`
	Schema   schemaCommand         `cmd:"" help:"Print the JSON Schema of the route file."`
	Health   healthCommand         `cmd:"" help:"Ask a running gatewayd whether it is well."`
	Version  versionCommand        `cmd:"" help:"Print the version."`
}

// command is what was selected.
type command interface {
	run(ctx context.Context, p *program) error
}

// line is a parsed command line.
type line struct {
	flags   cli
	command command
	helped  bool // help was asked for, and printed
}

// parse reads the command line. A flag that is not given has the value of its variable: GATEWAYD_CONTROL_PORT for
// --control-port; an empty variable is unset.
func parse(args []string, stdout, stderr io.Writer, getenv func(string) string) (*line, error) {
	parsed := &line{}
	var variables []string
	fromVariable := func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		name := variable(flag.Name)
		value := getenv(name)
		if value == "" || flag.Name == "help" {
			return nil, nil //nolint:nilnil // kong's way to say that there is no value
		}
		variables = append(variables, name)
		return value, nil
	}
	parser, err := kong.New(&parsed.flags,
		kong.Name("gatewayd"),
		kong.Description("A local API Gateway: the same checks in the same order with the same answers as AWS, and why."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { parsed.helped = true }), // kong exits for --help only, and goes on when it could not
		kong.Resolvers(kong.ResolverFunc(fromVariable)),
		kong.ValueFormatter(withVariable),
		kong.Vars{"cases": joined(emulator.TokenCases()), "algorithms": joined(emulator.TokenAlgorithms())},
	)
	if err != nil {
		return nil, err
	}
	selection, err := parser.Parse(args)
	if parsed.helped {
		return parsed, nil
	}
	if err != nil {
		return nil, misused(err, parser.Model.Node, variables)
	}
	if argument := misspelled(parsed.flags.Serve.Files); argument != "" {
		err := unexpected(argument, commands(parser.Model.Node))
		return nil, &failure{err: err, hint: usageHint(variables), status: exitUsage}
	}
	selected, ok := reflect.TypeAssert[command](selection.Selected().Target.Addr())
	if !ok {
		return nil, errors.New("the command has nothing to run")
	}
	parsed.command = selected
	return parsed, nil
}

// misused is the error of a command line that kong refuses. What is no command, kong takes for an argument of serve, so that
// the suggestion is left to us.
func misused(err error, root *kong.Node, variables []string) error {
	hint := usageHint(variables)
	refused, ok := errors.AsType[*kong.ParseError](err)
	if !ok {
		return &failure{err: err, hint: hint, status: exitUsage}
	}
	err = refused.Unwrap()
	if last := len(refused.Context.Path) - 1; last >= 0 {
		left, names := refused.Context.Path[last].Remainder(), commands(root)
		if len(left) > 0 && !strings.HasPrefix(left[0], "-") && !slices.Contains(names, left[0]) {
			err = fmt.Errorf("%w%s", err, apigw.Suggest(left[0], names))
		}
	}
	return &failure{err: err, hint: hint, status: exitUsage}
}

func usageHint(variables []string) string {
	hint := "gatewayd --help lists commands and flags"
	if len(variables) > 0 {
		hint += "; these variables were used, too: " + strings.Join(variables, ", ")
	}
	return hint
}

func commands(root *kong.Node) []string {
	names := make([]string, len(root.Children))
	for i, child := range root.Children {
		names[i] = child.Name
	}
	return names
}

func joined[T ~string](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return strings.Join(texts, ",")
}

// variable is the name of a flag's variable.
func variable(flag string) string {
	return "GATEWAYD_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// withVariable is a flag's help, with the name of its variable.
func withVariable(value *kong.Value) string {
	if value.Flag == nil || value.Name == "help" {
		return value.Help
	}
	return value.Help + " $" + variable(value.Name)
}
