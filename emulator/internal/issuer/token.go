package issuer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// maxTokenRequest is the longest body of a token request, in bytes.
const maxTokenRequest = 64 << 10

const clientCredentials = "client_credentials"

// Error codes of RFC 6749 section 5.2.
const (
	errInvalidRequest       = "invalid_request"
	errUnsupportedGrantType = "unsupported_grant_type"
	errServer               = "server_error"
)

// tokenRequest has the parameters that count. One that is empty was not sent, as RFC 6749 section 3.2 has it.
type tokenRequest struct {
	GrantType string `json:"grant_type"`
	ClientID  string `json:"client_id"`
	Audience  string `json:"audience"`
	Scope     string `json:"scope"`
}

// tokenResponse is that of RFC 6749 section 5.1.
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
	Scope       string `json:"scope,omitempty"`
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxTokenRequest)
	request, err := readTokenRequest(r)
	_, tooLong := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLong:
		fail(w, http.StatusRequestEntityTooLarge, errInvalidRequest, fmt.Sprintf("the body has more than %d bytes", maxTokenRequest))
		return
	case err != nil:
		fail(w, http.StatusBadRequest, errInvalidRequest, err.Error())
		return
	case request.GrantType == "":
		fail(w, http.StatusBadRequest, errInvalidRequest, "grant_type is missing")
		return
	case request.GrantType != clientCredentials:
		fail(w, http.StatusBadRequest, errUnsupportedGrantType, fmt.Sprintf("grant_type is %q, want %s", request.GrantType, clientCredentials))
		return
	case request.ClientID == "":
		fail(w, http.StatusBadRequest, errInvalidRequest, "client_id is missing")
		return
	}
	scopes := strings.Fields(request.Scope)
	token, err := i.Mint(Request{Subject: request.ClientID + clientSuffix, Audience: request.Audience, Scopes: scopes})
	if err != nil {
		fail(w, http.StatusInternalServerError, errServer, err.Error())
		return
	}
	reply(w, http.StatusOK, tokenResponse{
		AccessToken: token,
		TokenType:   "Bearer",
		ExpiresIn:   int64(DefaultLifetime.Seconds()),
		Scope:       strings.Join(scopes, " "),
	})
}

func readTokenRequest(r *http.Request) (tokenRequest, error) {
	var p tokenRequest
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return p, err
	}
	// A form, by the standard. Auth0 takes JSON, too, and its examples send that.
	switch contentType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); contentType { // what is malformed is neither
	case "application/x-www-form-urlencoded":
		err = p.readForm(string(body))
	case "application/json":
		if err = json.Unmarshal(body, &p); err != nil {
			err = fmt.Errorf("the body is no JSON object of texts: %w", err)
		}
	default:
		err = errors.New("the Content-Type is neither application/x-www-form-urlencoded nor application/json")
	}
	if err != nil {
		return p, err
	}
	if err := p.authenticate(r); err != nil {
		return p, err
	}
	for _, parameter := range p.parameters() {
		// RFC 6749 appendix A has these characters for all, and fewer for some.
		if strings.ContainsFunc(*parameter.value, func(c rune) bool { return c < ' ' || c > '~' }) {
			return p, fmt.Errorf("%s has other characters than printable ASCII", parameter.name)
		}
	}
	return p, nil
}

type parameter struct {
	name  string
	value *string
}

func (p *tokenRequest) parameters() []parameter {
	return []parameter{
		{"grant_type", &p.GrantType},
		{"client_id", &p.ClientID},
		{"audience", &p.Audience},
		{"scope", &p.Scope},
	}
}

func (p *tokenRequest) readForm(body string) error {
	form, err := url.ParseQuery(body)
	if err != nil {
		return fmt.Errorf("the body is no form: %w", err)
	}
	for _, parameter := range p.parameters() {
		if len(form[parameter.name]) > 1 { // RFC 6749 section 3.2
			return fmt.Errorf("%s was sent more than once", parameter.name)
		}
		*parameter.value = form.Get(parameter.name)
	}
	return nil
}

// authenticate takes the name of the client, and believes it.
func (p *tokenRequest) authenticate(r *http.Request) error {
	user, _, ok := r.BasicAuth()
	if !ok {
		return nil
	}
	id, err := url.QueryUnescape(user) // RFC 6749 section 2.3.1
	if err != nil {
		return fmt.Errorf("the user of Authorization: %w", err)
	}
	if p.ClientID != "" && p.ClientID != id {
		return errors.New("client_id and Authorization name different clients")
	}
	p.ClientID = id
	return nil
}
