package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"gatewayd/emulator"
	"gatewayd/handlers"
)

type validateCommand struct{}

func (validateCommand) run(_ context.Context, p *program) error {
	e, err := p.load(handlers.Options{Getenv: p.getenv}, emulator.Options{Log: newLog(p.stderr, textFormat, slog.LevelWarn)})
	if err != nil {
		return err
	}
	api := e.Loaded().API
	_, err = fmt.Fprintf(p.stdout, "%s is valid: %s, %s, %s\n", p.routes, count(len(api.Routes), "route"),
		count(len(api.Authorizers), "authorizer"), count(len(e.Loaded().Findings), "warning"))
	return err
}

type routesCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c *routesCommand) run(_ context.Context, p *program) error {
	e, err := p.load(handlers.Options{Getenv: p.getenv}, emulator.Options{})
	if err != nil {
		return err
	}
	routes := e.Routes(defaultURL)
	if !c.JSON {
		return writeTable(p.stdout, routes)
	}
	return writeJSON(p.stdout, routes)
}

type schemaCommand struct{}

func (schemaCommand) run(_ context.Context, p *program) error {
	_, err := p.stdout.Write(emulator.Schema())
	return err
}

type healthCommand struct{}

func (healthCommand) run(ctx context.Context, p *program) error {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	health, err := askHealth(ctx, p.url)
	if err != nil {
		return &failure{
			err:  fmt.Errorf("no healthy gatewayd at %s: %w", p.url, err),
			hint: "is it running? --url, or GATEWAYD_URL, is the address of its control listener",
		}
	}
	_, err = fmt.Fprintf(p.stdout, "ok: %s of %s\n", count(health.Routes, "route"), health.API)
	return err
}

type versionCommand struct{}

func (versionCommand) run(_ context.Context, p *program) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("this program was built without build information")
	}
	_, err := fmt.Fprintln(p.stdout, version(info))
	return err
}

// version is the module's version, the commit that it was built from, and Go's version.
func version(info *debug.BuildInfo) string {
	const short = 12 // digits of a revision
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	var b strings.Builder
	fmt.Fprintf(&b, "gatewayd %s", cmp.Or(info.Main.Version, "(devel)"))
	if revision := settings["vcs.revision"]; revision != "" {
		fmt.Fprintf(&b, " %s", revision[:min(len(revision), short)])
	}
	if settings["vcs.modified"] == "true" {
		b.WriteString(" (modified)")
	}
	fmt.Fprintf(&b, " %s", info.GoVersion)
	return b.String()
}
