package console_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"sync"

	"github.com/chromedp/chromedp"

	"gatewayd/emulator"
	"gatewayd/emulator/console"
	"gatewayd/handlers"
)

// Several APIs behind one listener have authorizers of the same name, routes of the same path, and files of their own.
func severalAPIs(p *page) {
	functions := emulator.Functions{}
	for name, fn := range handlers.New(handlers.Options{Getenv: os.Getenv}) {
		functions[name] = emulator.FuncOf(fn)
	}
	var members []*emulator.Emulator
	for _, name := range []string{"one", "two"} {
		e, err := emulator.New(emulator.Routes(fmt.Sprintf(`
api: { name: %[1]s, id: id%[1]s, stage: %[1]s }
authorizers: { word: { type: TOKEN, function: allow-token, identitySource: method.request.header.word } }
routes: { GET /hello: { function: say-hello, authorizer: word } }
`, name)), functions, nil)
		if err != nil {
			p.t.Fatal(err)
		}
		members = append(members, e)
	}
	group, err := emulator.NewGroup(members...)
	if err != nil {
		p.t.Fatal(err)
	}
	control := listen(p.t, "127.0.0.1:0")
	ctx, stop := context.WithCancel(p.t.Context())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := group.ServeControl(ctx, control, emulator.ControlOptions{BaseURL: "http://127.0.0.1:3000", Console: console.Handler()}); err != nil {
			p.t.Error(err)
		}
	})
	defer serving.Wait()
	defer stop()
	for _, path := range []string{"/one/hello", "/two/hello"} {
		r := httptest.NewRequestWithContext(p.t.Context(), "GET", path, nil)
		r.Header.Set("Word", "allow")
		group.ServeHTTP(httptest.NewRecorder(), r)
	}
	p.do(chromedp.Navigate("http://" + control.Addr().String() + "/#/requests"))
	p.waitText("#count", "2 requests")
	p.waitText(visible+" .path", "/two/hello")
	p.click(visible)
	p.waitText(".facts", "idtwo")
	p.click(".facts a[href^='#/authorizers/']")
	p.waitText("#authorizer-word\\@idtwo .cache", "GET /two/hello")
	p.wantText("#authorizer-word\\@idone .cache", "GET /one/hello")
	p.click("#authorizer-word\\@idtwo .flush")
	p.waitText("#authorizer-word\\@idtwo .cache", "No result is kept now")
	p.wantText("#authorizer-word\\@idone .cache", "GET /one/hello")
	p.clickText("nav a", "Routes")
	p.waitText("#routes", "API idone")
	p.click("#matrix [type=submit]") // allow-token allows every method of its own API
	p.waitText("#matrix [role=status]", "1 allowed, 1 implicit deny")
	p.waitText("#routes tbody tr:nth-child(1)", "allowed")
	p.waitText("#routes tbody tr:nth-child(2)", "implicit deny")
	p.clickText("nav a", "Route file")
	p.waitText(".view", "two (idtwo)")
	p.wantText(".view", "one (idone)")
}
