package function

import (
	_ "embed" // the bootstraps
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The programs that run a handler of their language as AWS's managed runtimes do.
var (
	//go:embed bootstrap.py
	pythonBootstrap []byte
	//go:embed bootstrap.mjs
	nodeBootstrap []byte
)

const (
	pythonFile = "bootstrap.py"
	nodeFile   = "bootstrap.mjs"
)

var (
	pythonRuntime = regexp.MustCompile(`^python3\.\d+$`)
	nodeRuntime   = regexp.MustCompile(`^nodejs\d+\.x$`)
)

// ErrRuntime is a runtime that gatewayd has no bootstrap for.
var ErrRuntime = errors.New("unsupported runtime")

// CheckRuntime tells whether a function can have this runtime: python3.11 or nodejs20.x, of any version. Every other
// language goes by a command. The error wraps [ErrRuntime].
func CheckRuntime(name string) error {
	if pythonRuntime.MatchString(name) || nodeRuntime.MatchString(name) {
		return nil
	}
	return fmt.Errorf("%w %q: python3.x and nodejs20.x are, any other language goes by a command", ErrRuntime, name)
}

// argv is the program that is run, with its arguments.
func (p *Process) argv() ([]string, error) {
	if p.spec.Runtime == "" {
		return p.spec.Command, nil
	}
	interpreter, file := "node", nodeFile
	if pythonRuntime.MatchString(p.spec.Runtime) {
		file = pythonFile
		interpreter = p.spec.Runtime
		if _, err := exec.LookPath(interpreter); err != nil {
			interpreter = "python3"
			p.host.warnOnce(p.spec.Name, p.spec.Runtime, interpreter)
		}
	}
	directory, err := p.host.bootstraps()
	if err != nil {
		return nil, err
	}
	argv := []string{interpreter, filepath.Join(directory, file)}
	if file == pythonFile {
		argv = slices.Insert(argv, 1, "-u") // what it prints must not wait in a buffer when it is killed
	}
	return argv, nil
}

// writeBootstraps puts the bootstraps into a folder of their own, where nobody else can write.
func writeBootstraps() (string, error) {
	directory, err := os.MkdirTemp("", "gatewayd-runtime-")
	if err != nil {
		return "", err
	}
	for name, text := range map[string][]byte{pythonFile: pythonBootstrap, nodeFile: nodeBootstrap} {
		if err := os.WriteFile(filepath.Join(directory, name), text, 0o600); err != nil {
			return "", errors.Join(err, os.RemoveAll(directory))
		}
	}
	return directory, nil
}

// excerpt is the end of a command's output, for an error message.
func excerpt(output []byte) string {
	const most = 2000
	text := strings.TrimSpace(string(output))
	if len(text) > most {
		text = "…" + text[len(text)-most:]
	}
	return strings.ToValidUTF8(text, "")
}
