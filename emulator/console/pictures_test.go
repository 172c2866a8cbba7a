package console_test

import (
	"context"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"gatewayd/emulator"
)

// tour makes requests with every kind of outcome, and returns the ids of one that was allowed and of one that the policy which
// the former had kept does not allow.
func (g *gateway) tour() (allowed, denied string) {
	g.t.Helper()
	token := "Bearer " + g.token(emulator.TokenRequest{Subject: "me"})
	g.get("/dev/sayhello")
	g.get("/dev/pets")
	g.get("/dev/pets", "Authorization", "Bearer "+g.token(emulator.TokenRequest{Case: "expired"}))
	allowed = g.get("/dev/pets", "Authorization", token)
	denied = g.get("/dev/pets/1", "Authorization", token)
	g.get("/dev/pets", "Authorization", token)
	g.get("/dev/pets", "Authorization", "secret")
	g.get("/dev/sayhello/word", "jwt_token", "deny")
	g.get("/dev/sayhello/word", "jwt_token", "allow")
	g.get("/dev/petz")
	g.get("/pets")
	g.get("/dev/tenant/a/b?key=acme-1234", "X-Tenant", "acme")
	g.get("/dev/tenant/a/b?key=other-5678", "X-Tenant", "acme")
	g.get("/dev/echo/any/path?x=1&y=2", "X-Long", "a value that goes on and on")
	return allowed, denied
}

// pictures leaves screenshots for whoever wants to look: CONSOLE_SCREENSHOTS names a folder.
func pictures(p *page) {
	folder := os.Getenv(screenshots)
	if folder == "" {
		p.t.Skip(screenshots + " names no folder")
	}
	for range 3 {
		p.tour()
	}
	allowed, denied := p.tour()
	p.waitText("#count", "56 requests")
	for _, theme := range []string{"light", "dark"} {
		p.do(scheme(theme))
		take := func(name, hash, ready string) {
			p.open(hash)
			p.wait(ready)
			p.picture(filepath.Join(folder, theme+"-"+name+".png"))
		}
		p.do(chromedp.EmulateViewport(1200, 860))
		take("list", "#/requests", `document.querySelector('.entry:not([hidden])')`)
		take("denied", "#/requests/"+denied, `document.querySelector('.statement')`)
		take("allowed", "#/requests/"+allowed, `document.querySelector('.timeline')`)
		take("compare", "#/compare/"+allowed+"/"+denied, `document.querySelector('.sides')`)
		for _, view := range []string{"routes", "authorizers", "clock", "file"} {
			take(view, "#/"+view, `document.querySelector('.card')`)
		}
		take("tokens", "#/tokens", `document.querySelector('#inspector').options.length === 5`)
		p.write("#inspector", "access")
		p.write("#case", "tampered")
		p.click("#mint [type=submit]")
		p.waitText("#inspection", "token.signature")
		p.picture(filepath.Join(folder, theme+"-tokens.png"))
		take("matrix", "#/routes", `document.querySelector('#matrix textarea').value !== ''`)
		p.click("#matrix [type=submit]")
		p.waitText("#matrix [role=status]", "allowed")
		p.picture(filepath.Join(folder, theme+"-matrix.png"))
		p.do(chromedp.EmulateViewport(400, 800))
		take("narrow-list", "#/requests", `document.querySelector('.entry:not([hidden])')`)
		take("narrow-denied", "#/requests/"+denied, `document.querySelector('.statement')`)
		take("narrow-compare", "#/compare/"+allowed+"/"+denied, `document.querySelector('.sides')`)
		for _, view := range []string{"routes", "authorizers", "tokens"} {
			take("narrow-"+view, "#/"+view, `document.querySelector('.card')`)
		}
	}
}

// scheme has the system prefer light or dark.
func scheme(theme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
		})
		return err
	})
}
