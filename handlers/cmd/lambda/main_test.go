package main_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func build(t *testing.T) string {
	t.Helper()
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", bootstrap, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	return bootstrap
}

// The program is started as Lambda starts one: it fetches an event from the Runtime API and posts its answer there.
func TestDeployed(t *testing.T) {
	t.Parallel()
	const (
		event = `{"type":"TOKEN","methodArn":"arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/GET/pets","authorizationToken":"allow"}`
		want  = `{"principalId":"user|a1b2c3d4","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Allow",` +
			`"Resource":["arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/*/*"]}]},` +
			`"context":{"bool":true,"key":"value","number":1}}`
	)
	bootstrap := build(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	events := make(chan string, 1)
	events <- event
	answers := make(chan string, 1)
	runtime := http.NewServeMux()
	runtime.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case next := <-events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", "4102444800000")
			_, _ = io.WriteString(w, next)
		case <-r.Context().Done():
		}
	})
	runtime.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{outcome}", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		answers <- r.PathValue("id") + " " + r.PathValue("outcome") + " " + string(body)
		w.WriteHeader(http.StatusAccepted)
	})
	server := httptest.NewServer(runtime)
	defer server.Close()

	program := exec.CommandContext(ctx, bootstrap)
	program.Env = []string{"_HANDLER=allow-token", "AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(server.URL, "http://")}
	var stderr strings.Builder
	program.Stderr = &stderr
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-answers:
		if diff := cmp.Diff("8476a536-e9f4-11e8-9739-2dfe598c3fcd response "+want, strings.TrimSpace(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		cancel()
		_ = program.Wait() // killed by us
	case <-ctx.Done():
		_ = program.Wait()
		t.Fatalf("no answer; stderr: %s", stderr.String())
	}
}

func TestUnknownHandler(t *testing.T) {
	t.Parallel()
	program := exec.CommandContext(t.Context(), build(t))
	program.Env = []string{"_HANDLER=say-goodbye"}
	output, err := program.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("error = %v, want exit status 1", err)
	}
	if !strings.Contains(string(output), `error: _HANDLER names no function: "say-goodbye"`) || !strings.Contains(string(output), "say-hello") {
		t.Errorf("output: %s", output)
	}
}
