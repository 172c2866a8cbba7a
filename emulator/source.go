package emulator

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"gatewayd/emulator/apigw"
	"gatewayd/emulator/internal/config"
)

// Source is where routes come from.
type Source struct {
	name        string // what positions of problems say
	path        string // of the file, "" when there is none
	defaultName string // of the API
	read        func() ([]byte, error)
}

// RoutesFile is a route file. Its path is what problems name.
func RoutesFile(path string) Source {
	folder := "api"
	if absolute, err := filepath.Abs(path); err == nil {
		folder = filepath.Base(filepath.Dir(absolute))
	}
	return Source{name: path, path: path, defaultName: folder, read: func() ([]byte, error) {
		text, err := readFile(path)
		if err != nil {
			return nil, fmt.Errorf("the route file cannot be read: %w", err)
		}
		return text, nil
	}}
}

// readFile reads as much of a file as can be a route file, and one byte more.
func readFile(path string) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	return io.ReadAll(io.LimitReader(file, config.MaxFile+1))
}

// Routes is the text of a route file, which problems call routes.yaml.
func Routes(text string) Source {
	return Source{name: "routes.yaml", defaultName: "api", read: func() ([]byte, error) { return []byte(text), nil }}
}

// LoadError is a route file that cannot be served.
type LoadError struct {
	Problems []apigw.Problem // in the order of the file

	// Routes are those of a file without another problem than what [Options].Strict refuses.
	Routes []AuditedRoute
}

// Error has one line a problem: FILE:LINE:COLUMN: message.
func (e *LoadError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Problems returns the problems of a route file that an error holds, nil when it is about something else.
func Problems(err error) []apigw.Problem {
	if load, ok := errors.AsType[*LoadError](err); ok {
		return load.Problems
	}
	return nil
}

// Schema is the JSON Schema of the route file, for editors.
func Schema() []byte { return config.Schema() }
