package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"gatewayd/emulator"
)

// scripted is a function that answers what its script says and keeps the events that it was given.
type scripted struct {
	replies []reply

	mu     sync.Mutex
	events [][]byte
}

// script resolves the names of answers.
func (r *runner) script(replies []reply, otherwise string) *scripted {
	r.Helper()
	if len(replies) == 0 {
		replies = []reply{{Answer: otherwise}}
	}
	s := &scripted{}
	for _, next := range replies {
		if !strings.HasPrefix(next.Answer, "{") {
			named, ok := r.common.Answers[next.Answer]
			if !ok && next.Answer != "" {
				r.Fatalf("no answer %q in testdata/shared.yaml", next.Answer)
			}
			next.Answer = named
		}
		s.replies = append(s.replies, next)
	}
	return s
}

// handler lets the function run any number of times at once.
func (s *scripted) handler() lambda.Handler {
	return emulator.Factory(func() lambda.Handler { return s })
}

// Invoke makes scripted a [lambda.Handler].
func (s *scripted) Invoke(_ context.Context, event []byte) ([]byte, error) {
	s.mu.Lock()
	now := s.replies[min(len(s.events), len(s.replies)-1)]
	s.events = append(s.events, slices.Clone(event))
	s.mu.Unlock()
	time.Sleep(now.Sleep)
	if now.Panic != "" {
		panic(now.Panic)
	}
	if now.Error != nil {
		return nil, errors.New(*now.Error)
	}
	if now.Raw != nil {
		return []byte(*now.Raw), nil
	}
	var known struct {
		MethodARN string `json:"methodArn"`
		Token     string `json:"authorizationToken"`
	}
	if err := json.Unmarshal(event, &known); err != nil {
		return nil, err
	}
	stage := strings.Join(strings.SplitN(known.MethodARN+"//", "/", 3)[:2], "/")
	return []byte(strings.NewReplacer("$methodArn", known.MethodARN, "$stageArn", stage, "$token", known.Token).Replace(now.Answer)), nil
}

func (s *scripted) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

// since is the newest event, decoded; nil when there was none since the function had been called so many times.
func (s *scripted) since(count int) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) == count {
		return nil
	}
	return decodeJSON(s.events[len(s.events)-1])
}

// checkEvent compares what a case says of an event.
func checkEvent(what string, want map[string]any, event any, same func(what string, want, got any)) {
	for _, path := range slices.Sorted(maps.Keys(want)) {
		value, got := plain(want[path]), lookUp(event, path)
		if value == "<present>" && got != "<absent>" {
			continue
		}
		if names, ok := value.([]any); ok && strings.HasSuffix(path, "*") {
			slices.SortFunc(names, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
		same(what+": "+path, value, got)
	}
}

// plain is a YAML value as JSON has it.
func plain(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return decodeJSON(text)
}

// decodeJSON returns an error in place of what is not JSON, or has an object with a name twice.
func decodeJSON(text []byte) any {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return err
	}
	// What is quoted inside of texts counts alike in both.
	names := bytes.Count(text, []byte(`":`))
	if again, err := json.Marshal(value); err != nil || bytes.Count(again, []byte(`":`)) != names {
		return fmt.Errorf("a name occurs twice: %s", text)
	}
	return value
}

// lookUp returns the value at a path, the names of the object's keys for a path that ends in *, or <absent>.
func lookUp(value any, path string) any {
	for path != "" {
		name, rest, _ := strings.Cut(path, ".")
		object, ok := value.(map[string]any)
		if !ok {
			return "<absent>"
		}
		if name == "*" {
			names := []any{}
			for _, key := range slices.Sorted(maps.Keys(object)) {
				names = append(names, key)
			}
			return names
		}
		if value, ok = object[name]; !ok {
			return "<absent>"
		}
		path = rest
	}
	return value
}
