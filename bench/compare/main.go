// Compare measures gatewayd beside bare chi and, where it is installed, serverless-offline: whole programs, from outside, taking
// turns. It prints tables in Markdown.
//
//	go run ./bench/compare
//	go run ./bench/compare -rounds 3 -duration 1s -offline FOLDER
//
// FOLDER is where "npm install serverless@3.40.0 serverless-offline@13.10.1" was run. The load comes from wrk. Processor time and
// memory are read from /proc, so they are missing where there is none.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gatewayd/bench"
)

// options are what is measured, and for how long.
type options struct {
	rounds      int
	duration    time.Duration
	connections []int
	starts      int
	routes      []int
	gatewayd    string // the program; "" builds it
	offline     string // folder with serverless-offline; "" leaves it out
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == chiCommand {
		exit(serveChi(os.Args[2]))
	}
	o := options{connections: []int{1, 16, 64}, routes: []int{10, 1_000, 10_000}}
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of load; in each, every server has its turn")
	flag.DurationVar(&o.duration, "duration", 2*time.Second, "time that a server is loaded in a round, for each number of connections")
	flag.Func("connections", "numbers of connections (1,16,64)", numbers(&o.connections))
	flag.IntVar(&o.starts, "starts", 11, "times that each program is started")
	flag.Func("routes", "numbers of routes to start gatewayd with (10,1000,10000)", numbers(&o.routes))
	flag.StringVar(&o.gatewayd, "gatewayd", "", "a gatewayd to measure; it is built if this is empty")
	flag.StringVar(&o.offline, "offline", "", "folder with node_modules of serverless and serverless-offline")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(run(ctx, o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func numbers(to *[]int) func(string) error {
	return func(text string) error {
		*to = nil
		for part := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(part)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is not a positive number", part)
			}
			*to = append(*to, n)
		}
		return nil
	}
}

var errNoWrk = errors.New("wrk, which makes the load, is not installed: apt-get install wrk, brew install wrk, or https://github.com/wg/wrk")

func run(ctx context.Context, o options) error {
	if _, err := exec.LookPath("wrk"); err != nil {
		return errNoWrk
	}
	folder, err := os.MkdirTemp("", "gatewayd-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	if o.gatewayd == "" {
		o.gatewayd = filepath.Join(folder, "gatewayd")
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", o.gatewayd, "gatewayd/cmd/gatewayd")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building gatewayd: %w", err)
		}
	}
	programs, err := programs(o, folder)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %d rounds of %v, in turns\n", time.Now().Format(time.DateOnly), o.rounds, o.duration)
	if err := measureStarts(ctx, o, folder, programs); err != nil {
		return err
	}
	return measureLoad(ctx, o, folder, programs)
}

// target is a URL of a program that is put under load.
type target struct {
	name string
	path string
}

// The targets that are compared with one another.
const (
	keptResult = "gatewayd, kept result"
	authorized = ", authorized" // of any other program
)

// program is a server that is measured.
type program struct {
	name    string
	command func(port int) []string
	folder  string   // that it runs in; "" is this one
	env     []string // besides the environment
	targets []target
}

func programs(o options, folder string) ([]program, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	routes, err := routeFile(folder, 10)
	if err != nil {
		return nil, err
	}
	all := []program{
		{
			name: "chi", command: func(port int) []string { return []string{self, chiCommand, address(port)} },
			targets: []target{{"chi", bench.KeptPath}},
		},
		gatewayd(o, routes),
		jsonLane(gatewayd(o, routes)),
	}
	if o.offline == "" {
		fmt.Println("serverless-offline is left out; for it: npm install serverless@3.40.0 serverless-offline@13.10.1, and -offline FOLDER")
		return all, nil
	}
	peers, err := offline(o.offline, folder)
	return append(all, peers...), err
}

// gatewayd serves a route file. It prints no requests: what a terminal takes is not measured here.
func gatewayd(o options, routes string) program {
	return program{
		name: "gatewayd",
		command: func(port int) []string {
			return []string{o.gatewayd, "serve", "--quiet", "--routes", routes, "--port", strconv.Itoa(port), "--control-port", "0"}
		},
		env: []string{"SECRET_KEY=" + bench.Secret},
		targets: []target{
			{"gatewayd, open", bench.OpenPath},
			{keptResult, bench.KeptPath},
			{"gatewayd, authorizer each time", bench.FreshPath},
		},
	}
}

// jsonLane is the same with every function called through JSON, as those of other languages are.
func jsonLane(p program) program {
	command := p.command
	p.name += " --json-lane"
	p.command = func(port int) []string { return append(command(port), "--json-lane") }
	p.targets = []target{
		{"gatewayd, kept result, JSON", bench.KeptPath},
		{"gatewayd, authorizer each time, JSON", bench.FreshPath},
	}
	return p
}

func routeFile(folder string, routes int) (string, error) {
	path := filepath.Join(folder, fmt.Sprintf("routes-%d.yaml", routes))
	return path, os.WriteFile(path, []byte(bench.RouteFile(routes)), 0o600)
}
