package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary gatewayd itself, when it is called by that name.
func TestMain(m *testing.M) {
	flag.Bool("update", false, "rewrite the golden files of the scripts")
	testscript.Main(m, map[string]func(){"gatewayd": main})
}

// noWait is for GORACE: a program under the race detector otherwise takes a second to exit.
const noWait = "atexit_sleep_ms=0"

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       flag.Lookup("update").Value.String() == "true",
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_PROXY", "127.0.0.1")
			env.Setenv("GORACE", noWait)
			return nil
		},
		Condition: func(name string) (bool, error) {
			module, ok := strings.CutPrefix(name, "python:")
			if !ok {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return exec.CommandContext(t.Context(), "python3", "-c", "import "+module).Run() == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "ports": ports, "ready": ready, "fetch": fetch, "fetchToken": fetchToken, "listen": listenOn, "claims": claims,
		},
	})
}

// exits runs a program and compares its exit status: exits STATUS PROGRAM ARG…
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d\nstdout: %s\nstderr: %s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// ports sets variables to free ports: ports NAME…
func ports(ts *testscript.TestScript, _ bool, names []string) {
	for _, name := range names {
		ts.Setenv(name, freePort(ts.Fatalf, ts.Defer))
	}
}

// ready waits until a gatewayd answers at the URL of its control listener: ready URL
func ready(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(awaitHealth(context.Background(), args[0]))
}

// fetch compares the status of an answer: fetch STATUS [POST:]URL [HOST | NAME: VALUE]
func fetch(ts *testscript.TestScript, _ bool, args []string) {
	url, post := strings.CutPrefix(args[1], "POST:")
	method := http.MethodGet
	if post {
		method = http.MethodPost
	}
	request, err := http.NewRequest(method, url, nil)
	ts.Check(err)
	if len(args) > 2 {
		if name, value, ok := strings.Cut(args[2], ": "); ok {
			request.Header.Set(name, value)
		} else {
			request.Host = args[2]
		}
	}
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	if got := strconv.Itoa(response.StatusCode); got != args[0] {
		body, _ := io.ReadAll(response.Body)
		ts.Fatalf("%s: status %s, want %s: %s", args[1], got, args[0], body)
	}
}

// fetchToken is fetch with the token that is in a file: fetchToken STATUS URL FILE
func fetchToken(ts *testscript.TestScript, neg bool, args []string) {
	fetch(ts, neg, []string{args[0], args[1], "Authorization: Bearer " + strings.TrimSpace(ts.ReadFile(args[2]))})
}

// listenOn occupies a port until the script ends: listen PORT
func listenOn(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", args[0]))
	ts.Check(err)
	ts.Defer(func() { ts.Check(listener.Close()) })
}

// claims compares the claims of the token that was printed, sorted and in JSON: claims 'NAME=VALUE NAME=VALUE'. Of the times,
// which differ from run to run, it shows exp-iat.
func claims(ts *testscript.TestScript, _ bool, args []string) {
	parts := strings.Split(strings.TrimSuffix(ts.ReadFile("stdout"), "\n"), ".")
	if len(parts) != 3 {
		ts.Fatalf("no token: %q", parts)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	ts.Check(err)
	var members map[string]json.RawMessage
	ts.Check(json.Unmarshal(text, &members))
	var issued, expires int64
	ts.Check(json.Unmarshal(members["exp"], &expires))
	members["exp"] = json.RawMessage("TIME")
	if members["iat"] != nil {
		ts.Check(json.Unmarshal(members["iat"], &issued))
		members["exp-iat"] = json.RawMessage(strconv.FormatInt(expires-issued, 10))
		delete(members, "exp")
		delete(members, "iat")
	}
	var got []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		got = append(got, name+"="+string(members[name]))
	}
	if diff := cmp.Diff(args[0], strings.Join(got, " ")); diff != "" {
		ts.Fatalf("claims (-want +got):\n%s", diff)
	}
}
