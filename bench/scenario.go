// Package bench measures gatewayd against the targets of docs/performance.md. Only what ran side by side is compared: a
// benchmark that reports a ratio or a difference takes turns between its subjects, and so does the command in compare, which
// measures whole programs from outside.
//
//	go test -bench . ./bench
//	go run ./bench/compare
package bench

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"gatewayd/emulator"
	"gatewayd/handlers"
)

// Answer is the body with which every server answers.
const Answer = `"Hello from Lambda!"`

// Secret is what SECRET_KEY has to be for [Token] to be good.
const Secret = "a secret for benchmarks, which guards nothing"

// The paths of the scenario, each with a parameter. With gatewayd, all of them are answered by the function say-hello.
const (
	OpenPath  = "/dev/open/1"  // no authorizer
	KeptPath  = "/dev/kept/1"  // the authorizer's result is kept
	FreshPath = "/dev/fresh/1" // the authorizer is called for each request, and checks the token's signature
)

// RouteFile is the scenario, with routes that nobody calls after it so that there are n, if that is more.
func RouteFile(n int) string {
	const paths = 3
	var b strings.Builder
	b.WriteString(`api: { name: bench, stage: dev }
authorizers:
  kept: { function: jwt-hs256, authorizerResultTtlInSeconds: 300 }
  fresh: { function: jwt-hs256, authorizerResultTtlInSeconds: 0 }
routes:
  GET /open/{id}: say-hello
  GET /kept/{id}: { function: say-hello, authorizer: kept }
  GET /fresh/{id}: { function: say-hello, authorizer: fresh }
`)
	for i := range n - paths {
		fmt.Fprintf(&b, "  GET /resource%d/{id}: { function: say-hello, authorizer: kept }\n", i)
	}
	return b.String()
}

// Handlers are the functions of the scenario as one would deploy them: they take and return aws-lambda-go's types.
func Handlers() map[string]any {
	all := handlers.New(handlers.Options{Getenv: func(name string) string {
		if name == "SECRET_KEY" {
			return Secret
		}
		return ""
	}})
	return map[string]any{"say-hello": all["say-hello"], "jwt-hs256": all["jwt-hs256"]}
}

// Functions are the same, ready to be called in process.
func Functions() emulator.Functions {
	functions := emulator.Functions{}
	for name, fn := range Handlers() {
		functions[name] = emulator.FuncOf(fn)
	}
	return functions
}

// Token is a JSON Web Token that the authorizer of the scenario accepts. It does not expire.
func Token() string {
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode([]byte(`{"sub":"abc123","name":"bench","iat":1700000000}`))
	mac := hmac.New(sha256.New, []byte(Secret))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

// Chi is what gatewayd is compared with: a router that answers the same paths with the same body, and does nothing else.
func Chi() http.Handler {
	r := chi.NewRouter()
	for _, path := range []string{"open", "kept", "fresh"} {
		r.Get("/dev/"+path+"/{id}", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			// The client may be gone, which does not matter here.
			_, _ = w.Write([]byte(Answer))
		})
	}
	return r
}
