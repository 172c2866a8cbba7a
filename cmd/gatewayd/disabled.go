package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// disabledFlags serve the API without its authorizers, or with the texts of another time.
type disabledFlags struct {
	DisableAuthorizer bool   `aliases:"noAuth" help:"Ask no authorizer: every route is open (alias --noAuth)."`
	MockAuthorizer    string `placeholder:"FILE" help:"JSON that events have as requestContext.authorizer with --disable-authorizer."`
	LegacyMessages    bool   `help:"Answer denials with the texts that AWS sent until 2023."`
}

// check refuses flags that exclude each other.
func (f disabledFlags) check(strict bool) error {
	switch {
	case f.DisableAuthorizer && strict:
		return errors.New("--strict and --disable-authorizer exclude each other: one lets no route be open by mistake, the other opens them all")
	case f.MockAuthorizer != "" && !f.DisableAuthorizer:
		return errors.New("--mock-authorizer stands in for authorizers that are disabled: add --disable-authorizer")
	}
	return nil
}

const mockHint = `the file is what events are to have as requestContext.authorizer, for example {"principalId": "me", "role": "admin"}`

// mockAuthorizer reads what events have in the place of an authorizer's context, nil for nothing.
func (f disabledFlags) mockAuthorizer() ([]byte, error) {
	if f.MockAuthorizer == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.MockAuthorizer)
	if err != nil {
		return nil, &failure{err: fmt.Errorf("--mock-authorizer: %w", err), hint: mockHint}
	}
	return text, nil
}

// banner repeats for a person, who must not overlook it, what the log has said.
func (f disabledFlags) banner(w io.Writer, format string) {
	if f.DisableAuthorizer && format == textFormat {
		frame := strings.Repeat("*", 20)
		fmt.Fprintln(w, frame, "NO AUTHORIZER IS ASKED: WHOEVER SENDS A REQUEST MAY PASS", frame)
	}
}
