package emulator

import "gatewayd/emulator/internal/issuer"

// Issuer issues JSON Web Tokens for work without an identity provider: RS256 and ES256 with keys of its own, HS256 with a
// secret. It is for development only: see [IssuerNotice].
type Issuer = issuer.Issuer

// IssuerOptions are what an issuer is told.
type IssuerOptions = issuer.Options

// TokenRequest is a token that is asked of an Issuer's Mint. The zero value asks for a valid one with all the defaults.
type TokenRequest = issuer.Request

// TokenCase is what is wrong with a token, if anything.
type TokenCase = issuer.Case

// TokenAlgorithm is how a token is signed.
type TokenAlgorithm = issuer.Algorithm

// HS256 is the one algorithm whose tokens are verified by a secret, not by a key set.
const HS256 = issuer.HS256

// DefaultAudience is the audience of tokens where none is configured.
const DefaultAudience = issuer.DefaultAudience

// IssuerNotice is what a user has to be told where an issuer is announced.
const IssuerNotice = issuer.Notice

// IssuerPath is where [Emulator.Control] serves its issuer.
const IssuerPath = "/issuer/"

// NewIssuer returns an issuer. [ControlOptions] has a place for it: its URL is then where the control listener is reached,
// followed by [IssuerPath].
func NewIssuer(options IssuerOptions) (*Issuer, error) { return issuer.New(options) }

// TokenCases lists what can be wrong with a token, "valid" first.
func TokenCases() []TokenCase { return issuer.Cases() }

// TokenAlgorithms lists how tokens can be signed, RS256 first.
func TokenAlgorithms() []TokenAlgorithm { return issuer.Algorithms() }
