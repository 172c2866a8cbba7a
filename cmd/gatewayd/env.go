package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// withEnvFile returns the environment with what a file of KEY=VALUE lines adds to it, and what the file has. A variable that is set, and not empty,
// wins over the file, as with Docker Compose: one run can change a setting without an edit.
func withEnvFile(getenv func(string) string, path string) (environment func(string) string, added map[string]string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, &failure{
			err:  fmt.Errorf("the environment file cannot be read: %w", err),
			hint: "--env-file, or GATEWAYD_ENV_FILE, names a file of KEY=VALUE lines",
		}
	}
	variables, problems := parseEnv(path, text)
	if len(problems) > 0 {
		return nil, nil, &failure{problems: problems, err: fmt.Errorf("%s has %s", path, count(len(problems), "problem"))}
	}
	return func(name string) string {
		if value := getenv(name); value != "" {
			return value
		}
		return variables[name]
	}, variables, nil
}

// parseEnv reads the lines of an environment file: KEY=VALUE, "export " before it or not, empty lines and # comments. A value
// is trimmed and ends at " #"; in single quotes it is taken as it is; in double quotes \n, \r, \t, \", \$ and \\ are escapes.
// Nothing is expanded. The last of several lines with the same key counts. Problems name no values, which may be secrets.
func parseEnv(file string, text []byte) (variables map[string]string, problems []string) {
	variables = map[string]string{}
	key := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, rest, assigned := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if after, ok := strings.CutPrefix(name, "export"); ok && strings.TrimLeft(after, " \t") != after {
			name = strings.TrimLeft(after, " \t")
		}
		value, err := unquote(strings.TrimSpace(rest))
		switch {
		case !assigned:
			err = errors.New("a line must be KEY=VALUE")
		case !key.MatchString(name):
			err = fmt.Errorf("%q is no name for a variable: letters, digits and _", name)
		case strings.ContainsRune(value, 0):
			err = errors.New("a value cannot hold a zero byte")
		}
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s:%d: %v", file, number, err))
			continue
		}
		variables[name] = value
	}
	return variables, problems
}

// unquote reads a value and refuses what follows a closing quote, unless it is a comment.
func unquote(text string) (string, error) {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		return uncomment(text), nil
	}
	quote := text[0]
	var value strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote:
			if rest := text[i+1:]; rest != "" && uncomment(rest) != "" {
				return "", errors.New("something follows the closing quote")
			}
			return value.String(), nil
		case c == '\\' && quote == '"' && i+1 < len(text):
			i++
			value.WriteString(unescape(text[i]))
		default:
			value.WriteByte(c)
		}
	}
	return "", fmt.Errorf("the closing %c is missing", quote)
}

// unescape is what a backslash and c stand for. Before any other character, a backslash is itself.
func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	case '"', '$', '\\':
		return string(c)
	}
	return string([]byte{'\\', c})
}

// uncomment cuts off a comment, which follows a space.
func uncomment(text string) string {
	for i := range len(text) {
		if text[i] == '#' && (i == 0 || text[i-1] == ' ' || text[i-1] == '\t') {
			text = text[:i]
			break
		}
	}
	return strings.TrimSpace(text)
}
