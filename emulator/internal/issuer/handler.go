package issuer

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
)

// discovery is the document of OpenID Connect Discovery 1.0 section 3, and of RFC 8414 section 2.
type discovery struct {
	Issuer                   string   `json:"issuer"`
	TokenEndpoint            string   `json:"token_endpoint"`
	JWKSURI                  string   `json:"jwks_uri"`
	GrantTypes               []string `json:"grant_types_supported"`
	TokenEndpointAuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	// Clients want the rest, though there are neither users who log in nor ID tokens.
	ResponseTypes            []string    `json:"response_types_supported"`
	SubjectTypes             []string    `json:"subject_types_supported"`
	IDTokenSigningAlgorithms []Algorithm `json:"id_token_signing_alg_values_supported"`
}

// Handler returns a router for the paths below the issuer's own:
//
//	GET  /                                  Notice, for a person
//	GET  /.well-known/openid-configuration  the discovery document
//	GET  /.well-known/jwks.json             the key set
//	POST /token                             a token for client credentials, as RFC 6749 section 4.4 has it
//	POST /rotate                            new keys, see Rotate; answers with the new key set
//
// The token endpoint takes grant_type=client_credentials, client_id, scope and audience, in a form or in a JSON object of at
// most 64 KiB, or client_id as the user of HTTP Basic authentication. It takes any secret, or none. Of client_id ID it makes the
// subject ID@clients. What it refuses is 400, or 413 if too long, with an error object as in RFC 6749 section 5.2.
func (i *Issuer) Handler() http.Handler {
	r := chi.NewRouter()
	r.HandleFunc("/", only(i.notice, http.MethodGet, http.MethodHead))
	r.HandleFunc("/.well-known/openid-configuration", only(i.discovery, http.MethodGet, http.MethodHead))
	r.HandleFunc("/.well-known/jwks.json", only(i.keySet, http.MethodGet, http.MethodHead))
	r.HandleFunc("/token", only(i.token, http.MethodPost))
	r.HandleFunc("/rotate", only(i.rotate, http.MethodPost))
	return r
}

// only answers 405 to other methods. chi's own routes by method leave Allow out when mounted in a router with its own 405.
func only(handle http.HandlerFunc, methods ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(methods, r.Method) {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			fail(w, http.StatusMethodNotAllowed, errInvalidRequest, fmt.Sprintf("%s does not take %s", r.URL.Path, r.Method))
			return
		}
		handle(w, r)
	}
}

func (i *Issuer) notice(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "The token issuer of gatewayd, %s.\n", Notice)
}

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	base := strings.TrimSuffix(i.options.URL, "/")
	reply(w, http.StatusOK, discovery{
		Issuer:                   i.options.URL,
		TokenEndpoint:            base + "/token",
		JWKSURI:                  base + "/.well-known/jwks.json",
		GrantTypes:               []string{clientCredentials},
		TokenEndpointAuthMethods: []string{"client_secret_post", "client_secret_basic", "none"},
		ResponseTypes:            []string{"token"},
		SubjectTypes:             []string{"public"},
		IDTokenSigningAlgorithms: []Algorithm{RS256, ES256},
	})
}

func (i *Issuer) keySet(w http.ResponseWriter, _ *http.Request) {
	ring, err := i.keys()
	if err != nil {
		fail(w, http.StatusInternalServerError, errServer, err.Error())
		return
	}
	reply(w, http.StatusOK, ring.public())
}

func (i *Issuer) rotate(w http.ResponseWriter, r *http.Request) {
	if err := i.Rotate(); err != nil {
		fail(w, http.StatusInternalServerError, errServer, err.Error())
		return
	}
	i.keySet(w, r)
}

// reply writes JSON that nobody stores: RFC 6749 section 5.1 wants that for tokens, and a rotation is to be seen at once.
func reply(w http.ResponseWriter, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the client may be gone
}

// fail writes the error object of RFC 6749 section 5.2.
func fail(w http.ResponseWriter, status int, code, description string) {
	reply(w, status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{code, description})
}
