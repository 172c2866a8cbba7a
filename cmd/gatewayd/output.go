package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// writeJSON is how commands print JSON.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// printer keeps the first error of several prints.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// block prints a text of several lines under its name.
func (p *printer) block(name, text string) {
	p.printf("%s\n", name)
	for line := range strings.Lines(text) {
		p.printf("%s\n", printable(strings.TrimSuffix(line, "\n")))
	}
}

// readFile reads a file that a flag names; - is standard input.
func (p *program) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(p.stdin)
	}
	return os.ReadFile(name)
}

// assignments reads the values of a flag that may be repeated: names, and what each has been given, in order.
func assignments(flag, separator string, values []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, text := range values {
		name, value, ok := strings.Cut(text, separator)
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fmt.Errorf("%s %q must be NAME%sVALUE", flag, text, separator)
		}
		if separator == ":" { // of a header
			value = strings.TrimSpace(value)
		}
		out[name] = append(out[name], value)
	}
	return out, nil
}
