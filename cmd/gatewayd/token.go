package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"time"

	"gatewayd/emulator"
)

// issuerFlags say which keys the local issuer has, and what it is called.
type issuerFlags struct {
	IssuerKeys string `placeholder:"FILE" help:"File that keeps the keys of the token issuer from one start to the next."`
	IssuerURL  string `name:"issuer-url" placeholder:"URL" help:"What tokens say as iss; otherwise the issuer's place on the control listener."`
}

// tokenCommand prints a token. Case and Alg are checked against what an issuer can do.
type tokenCommand struct {
	Sub     string        `placeholder:"SUBJECT" help:"The subject (dev@clients)."`
	Scope   []string      `sep:"none" placeholder:"SCOPE" help:"A scope; may be repeated."`
	Claim   []string      `sep:"none" placeholder:"NAME=VALUE" help:"A claim, in JSON or else text; null leaves it out. May be repeated."`
	Expires time.Duration `placeholder:"DURATION" default:"5m" help:"How long the token is valid (${default})."`
	Case    string        `placeholder:"CASE" enum:"${cases}" default:"valid" help:"What is wrong with it: ${enum}."`
	Alg     string        `placeholder:"ALG" enum:"${algorithms}" default:"RS256" help:"How it is signed: ${enum}. HS256 is with SECRET_KEY."`
	issuerFlags

	claims map[string]any
}

// Validate reads the claims. Kong calls it.
func (c *tokenCommand) Validate() error {
	if c.Expires < time.Second {
		return errors.New("--expires must be a second or more; --case expired makes a token that has expired")
	}
	given, err := assignments("--claim", "=", c.Claim)
	c.claims = map[string]any{}
	for name, values := range given {
		last := values[len(values)-1]
		if c.claims[name] = any(last); json.Valid([]byte(last)) {
			c.claims[name] = json.RawMessage(last)
		}
		if last == "null" {
			c.claims[name] = nil
		}
	}
	return err
}

func (c *tokenCommand) run(ctx context.Context, p *program) error {
	mint := c.mint
	if c.Alg != string(emulator.HS256) && c.IssuerKeys == "" {
		mint = c.ask
	}
	token, err := mint(ctx, p)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, token)
	return err
}

// mint makes a token here, with the keys file or SECRET_KEY.
func (c *tokenCommand) mint(_ context.Context, p *program) (string, error) {
	log := newLog(p.stderr, textFormat, slog.LevelWarn)
	environment := p.defaults(log)
	environment.issueFrom(p.url, c.IssuerURL)
	if _, err := os.Stat(environment.key.path); c.Alg == string(emulator.HS256) && p.getenv("SECRET_KEY") == "" && errors.Is(err, fs.ErrNotExist) {
		log.Warn("a new secret is made for the token", "file", environment.key.path, hintKey, "a gatewayd that serves from another folder has another secret; run this there, or set SECRET_KEY for both")
	}
	options := emulator.IssuerOptions{
		URL: environment.issuer, Audience: environment.get("AUDIENCE"), FindSecretKey: environment.secretKey,
	}
	if c.Alg != string(emulator.HS256) {
		// An issuer would make the file, and sign with keys that nobody knows.
		if _, err := os.Stat(c.IssuerKeys); errors.Is(err, fs.ErrNotExist) {
			return "", &failure{err: err, hint: "gatewayd --issuer-keys FILE makes the keys when it starts"}
		}
		options.KeysFile = c.IssuerKeys
	}
	issuer, err := emulator.NewIssuer(options)
	if err != nil {
		return "", err
	}
	return issuer.Mint(emulator.TokenRequest{
		Subject: c.Sub, Scopes: c.Scope, Claims: c.claims, Lifetime: c.Expires,
		Case: emulator.TokenCase(c.Case), Algorithm: emulator.TokenAlgorithm(c.Alg),
	})
}

// ask has the running gatewayd make it.
func (c *tokenCommand) ask(ctx context.Context, p *program) (string, error) {
	var answer struct {
		Token string `json:"token"`
	}
	err := ask(ctx, p.url, http.MethodPost, "/_gatewayd/tokens", map[string]any{
		"sub": c.Sub, "audience": p.getenv("AUDIENCE"), "scope": c.Scope, "claims": c.claims, "expires": c.Expires.String(),
		"case": c.Case, "alg": c.Alg,
	}, &answer)
	if err != nil {
		return "", &failure{
			err:  fmt.Errorf("no token from a gatewayd at %s: %w", p.url, err),
			hint: "start gatewayd, or give its --url or --issuer-keys; --alg HS256 needs none of them",
		}
	}
	return answer.Token, nil
}
