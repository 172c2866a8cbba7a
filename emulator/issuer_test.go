package emulator_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"gatewayd/emulator"
)

// An identity provider on the emulator's own clock: tokens expire when it is moved.
func ExampleNewIssuer() {
	clock := emulator.NewClock()
	clock.Advance(time.Until(time.Date(2031, 5, 4, 12, 0, 0, 0, time.UTC)))
	tokens, err := emulator.NewIssuer(emulator.IssuerOptions{URL: "http://127.0.0.1:3001" + emulator.IssuerPath, Now: clock.Now})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := tokens.Mint(emulator.TokenRequest{Scopes: []string{"read:pets"}})
	fmt.Println(strings.Count(token, "."), err)

	e, err := emulator.New(emulator.Routes(open("pets")), emulator.Functions{"pets": emulator.Func(pets)}, &emulator.Options{Clock: clock})
	if err != nil {
		fmt.Println(err)
		return
	}
	control := httptest.NewServer(e.Control(emulator.ControlOptions{Issuer: tokens}))
	defer control.Close()
	response, err := http.Get(control.URL + emulator.IssuerPath + ".well-known/openid-configuration")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	document, err := io.ReadAll(response.Body)
	fmt.Println(strings.Contains(string(document), `"issuer":"http://127.0.0.1:3001/issuer/"`), err)
	// Output:
	// 2 <nil>
	// true <nil>
}
