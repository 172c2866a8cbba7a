package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gatewayd/emulator"
	"gatewayd/emulator/apigw"
	"gatewayd/handlers"
)

// load loads the route file of each API, and puts the APIs together.
func (s *server) load(p *program, functions handlers.Options, options emulator.Options) error {
	files := []string{p.routes}
	if len(s.Files) > 0 {
		files = s.Files
	}
	options.Programs.Shared = len(files) > 1
	var members []*emulator.Emulator
	for _, file := range files {
		e, err := p.loadFile(filepath.Clean(file), functions, options)
		if errors.Is(err, emulator.ErrMockAuthorizer) {
			err = &failure{err: fmt.Errorf("--mock-authorizer %s: %w", s.MockAuthorizer, err), hint: mockHint}
		}
		if refused, ok := errors.AsType[*failure](err); ok && refused.audited != nil {
			s.journal.audited(refused.audited)
		}
		if err != nil {
			return err
		}
		members = append(members, e)
	}
	var err error
	if s.apis, err = emulator.NewGroup(members...); err != nil {
		return refusedFile(strings.Join(files, " beside "), err)
	}
	return nil
}

// misspelled returns an argument that is no file but could have been meant for a command, or "".
func misspelled(files []string) string {
	for _, file := range files {
		if _, err := os.Stat(file); err != nil && !strings.ContainsAny(file, `./\`) {
			return file
		}
	}
	return ""
}

// unexpected is the error of an argument that is neither a file nor a command.
func unexpected(argument string, commands []string) error {
	if slices.Contains(commands, argument) {
		return fmt.Errorf("the command %q comes first, before flags", argument)
	}
	return fmt.Errorf("unexpected argument %s%s", argument, apigw.Suggest(argument, commands))
}
