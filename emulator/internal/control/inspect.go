package control

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"gatewayd/emulator/internal/issuer"
	"gatewayd/emulator/trace"
)

// TokenInspection is a token taken apart, and what an authorizer would object to.
type TokenInspection struct {
	issuer.Inspection

	// SentAs is the header by which the authorizer was given the token, masked.
	SentAs string `json:"sentAs,omitempty"`
	// Test is what the authorizer made of it, null when none was asked.
	Test *AuthorizerTestResult `json:"authorizer"`
}

// inspectToken says what is wrong with a token. With an authorizer, that is called with it as by its test: it alone knows what
// it objects to.
func (a *api) inspectToken(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Token      string `json:"token"`
		Authorizer string `json:"authorizer"`
	}
	if !read(w, r, &asked) {
		return
	}
	token := strings.TrimSpace(asked.Token)
	if token == "" {
		fail(w, http.StatusBadRequest, `want {"token": "…"}, with or without "authorizer"`)
		return
	}
	out := TokenInspection{Inspection: issuer.Inspect(bare(token), a.Clock.Now(), a.Issuer)}
	var err error
	if asked.Authorizer != "" {
		err = a.tryToken(context.WithoutCancel(r.Context()), &out, asked.Authorizer, token)
	}
	answer(w, out, err)
}

const bearer = "Bearer "

// bare is a token without the scheme of an Authorization header.
func bare(token string) string {
	if len(token) >= len(bearer) && strings.EqualFold(token[:len(bearer)], bearer) {
		return strings.TrimSpace(token[len(bearer):])
	}
	return token
}

// tryToken has an authorizer tested with a token: as it is, and if that is refused and it has no scheme, as a bearer token,
// which is how most are sent.
func (a *api) tryToken(ctx context.Context, out *TokenInspection, name, token string) error {
	spellings := []string{token}
	if bare(token) == token {
		spellings = append(spellings, bearer+token)
	}
	header, isToken := a.tokenHeader(name)
	for i, value := range spellings {
		test := AuthorizerTest{Token: value}
		if !isToken {
			test = AuthorizerTest{Headers: http.Header{header: {value}}}
		}
		result, err := a.TestAuthorizer(ctx, name, test)
		if err != nil {
			return err
		}
		if i > 0 && result.ClientStatus == http.StatusUnauthorized && result.Code != trace.AuthorizerUnauthorized {
			break // no better than the first
		}
		out.Test, out.SentAs = &result, header+": "+maskedToken(value)
		if result.Outcome() == OutcomeAllowed {
			break
		}
	}
	if result := out.Test; result.Outcome() != OutcomeAllowed {
		own := issuer.Objection{By: "authorizer", Code: string(result.Code), Message: result.Reason, Hint: result.Hint}
		out.Objections = append([]issuer.Objection{own}, out.Objections...)
	}
	return nil
}

func maskedToken(value string) string {
	if token := bare(value); token != value {
		return bearer + trace.Mask(token)
	}
	return trace.Mask(value)
}

// tokenHeader is the header by which an authorizer is sent a token, and whether it is one of type TOKEN.
func (a *api) tokenHeader(name string) (header string, isToken bool) {
	const prefix = "method.request.header."
	all := a.Authorizers()
	at := slices.IndexFunc(all, func(candidate Authorizer) bool { return candidate.Name == name })
	if at < 0 {
		return "Authorization", true // its test says that there is none
	}
	for _, source := range all[at].IdentitySources {
		if header, ok := strings.CutPrefix(source, prefix); ok {
			return header, all[at].Type == "TOKEN"
		}
	}
	return "Authorization", all[at].Type == "TOKEN"
}
