package emulatortest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatewayd/emulator"
)

// issuerURL is the `iss` of tokens: no name is ever looked up.
const issuerURL = "http://issuer.test/issuer/"

// secretKey signs HS256 tokens. It guards nothing.
const secretKey = "the secret of emulatortest, which guards nothing"

// Issuer issues the tokens of a test. It goes by the clock that it was given, as a gateway does that has the same one in its
// options: then [Gateway.FastForward] makes tokens expire, too.
type Issuer struct {
	*emulator.Issuer

	// Client fetches the key set, without a network: an authorizer that fetches keys is to be given it. It reaches nothing else.
	Client *http.Client

	t testing.TB
}

// NewIssuer returns an issuer of RS256, ES256 and HS256 tokens, with keys of its own. Nil is the real time.
func NewIssuer(t testing.TB, clock *emulator.Clock) *Issuer {
	t.Helper()
	if clock == nil {
		clock = emulator.NewClock()
	}
	issuer, err := emulator.NewIssuer(emulator.IssuerOptions{URL: issuerURL, SecretKey: secretKey, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	handler := http.StripPrefix(strings.TrimSuffix(emulator.IssuerPath, "/"), issuer.Handler())
	return &Issuer{Issuer: issuer, Client: &http.Client{Transport: handlerTransport{handler}}, t: t}
}

// Getenv has the variables by which an authorizer finds the issuer: TOKEN_ISSUER, JWKS_URI, AUDIENCE, and SECRET_KEY of HS256.
// Others are empty.
func (i *Issuer) Getenv(name string) string {
	switch name {
	case "TOKEN_ISSUER":
		return issuerURL
	case "JWKS_URI":
		return issuerURL + ".well-known/jwks.json"
	case "AUDIENCE":
		return emulator.DefaultAudience
	case "SECRET_KEY":
		return secretKey
	}
	return ""
}

// Token is a valid token of a subject.
func (i *Issuer) Token(subject string) string {
	i.t.Helper()
	return i.Mint(emulator.TokenRequest{Subject: subject})
}

// Mint is a token as it is asked for, valid or wrong in one respect.
func (i *Issuer) Mint(request emulator.TokenRequest) string {
	i.t.Helper()
	token, err := i.Issuer.Mint(request)
	if err != nil {
		i.t.Fatal(err)
	}
	return token
}

// handlerTransport hands a client's requests to a handler.
type handlerTransport struct{ handler http.Handler }

func (t handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	t.handler.ServeHTTP(recorder, asServed(r))
	response := recorder.Result()
	response.Request = r
	return response, nil
}
