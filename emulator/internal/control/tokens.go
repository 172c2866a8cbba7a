package control

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"gatewayd/emulator/internal/issuer"
)

// tokenRequest is the body of POST /_gatewayd/tokens, whose keys are the flags of gatewayd token. All may be left out.
type tokenRequest struct {
	Subject   string           `json:"sub"`
	Audience  string           `json:"audience"`
	Scope     texts            `json:"scope"`
	Claims    map[string]any   `json:"claims"`
	Expires   string           `json:"expires"` // a duration: 5m
	Case      issuer.Case      `json:"case"`
	Algorithm issuer.Algorithm `json:"alg"`
}

func (a *api) mintToken(w http.ResponseWriter, r *http.Request) {
	var asked tokenRequest
	if !read(w, r, &asked) {
		return
	}
	token, err := a.mint(asked)
	answer(w, map[string]string{"token": token}, err)
}

func (a *api) mint(asked tokenRequest) (string, error) {
	request := issuer.Request{
		Subject: asked.Subject, Audience: asked.Audience, Scopes: asked.Scope, Claims: asked.Claims, Case: asked.Case, Algorithm: asked.Algorithm,
	}
	if asked.Expires != "" {
		var err error
		if request.Lifetime, err = time.ParseDuration(asked.Expires); err != nil || request.Lifetime < time.Second {
			return "", &RequestError{http.StatusBadRequest, fmt.Sprintf("expires %q is no duration of a second or more, such as 5m", asked.Expires)}
		}
	}
	token, err := a.Issuer.Mint(request)
	if errors.Is(err, issuer.ErrRequest) || errors.Is(err, issuer.ErrNoSecretKey) {
		err = &RequestError{http.StatusBadRequest, err.Error()}
	}
	return token, err
}
