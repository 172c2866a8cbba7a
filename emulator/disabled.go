package emulator

import (
	"errors"
	"fmt"

	"gatewayd/emulator/internal/authorizer"
)

// ErrMockAuthorizer is what the errors of [Options].MockAuthorizer wrap.
var ErrMockAuthorizer = errors.New("the mock authorizer cannot be used")

// mock reads what stands in for authorizers, nil when nothing does.
func (o *Options) mock() (*authorizer.Result, error) {
	switch {
	case o.DisableAuthorizer && o.Strict:
		return nil, errors.New("what is strict cannot leave its routes open: DisableAuthorizer and Strict exclude each other")
	case o.MockAuthorizer == nil:
		return nil, nil //nolint:nilnil // there need not be one
	case !o.DisableAuthorizer:
		return nil, fmt.Errorf("%w: it stands in for authorizers that are disabled, and they are not", ErrMockAuthorizer)
	}
	mock, err := authorizer.Mock(o.MockAuthorizer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMockAuthorizer, err)
	}
	return mock, nil
}

// warnDisabled is the banner: nobody is to take such a gateway for one that checks.
func (e *Emulator) warnDisabled() {
	if !e.options.DisableAuthorizer {
		return
	}
	instead := "events have no authorizer"
	if e.options.MockAuthorizer != nil {
		instead = "events have the mock authorizer's context"
	}
	e.log.Warn("AUTHORIZERS ARE DISABLED: every route is open, whoever sends the request", "instead", instead)
}
