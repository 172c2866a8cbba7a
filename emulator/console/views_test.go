package console_test

import (
	"encoding/json"
	"os"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"gatewayd/emulator"
)

func flushes(p *page) {
	allowed, _ := p.tour()
	p.open("#/authorizers/access")
	const card = "#authorizer-access "
	p.waitText(card+".cache", "me")
	p.wantText(card+".facts", "TOKEN", "jwt-rs256", "^Bearer [-0-9a-zA-Z._]+$", "kept for 3600 s", "GET /pets/{petId}")
	p.wantText(card+".cache", "********", "GET /dev/pets", "0s")
	if href := read[string](p, `document.querySelector('#authorizer-access .cache a').hash`); href != "#/requests/"+allowed {
		p.t.Errorf("written by %s, want %s", href, allowed)
	}
	p.click(card + ".flush")
	p.waitText("#said", "1 kept result of access forgotten")
	p.waitText(card+".cache", "No result is kept now")
	if kept, err := p.CachedResults("access"); err != nil || len(kept) != 0 {
		p.t.Errorf("%d results are kept, error %v", len(kept), err)
	}
}

func testsAuthorizers(p *page) {
	token := "Bearer " + p.token(emulator.TokenRequest{Subject: "me"})
	p.open("#/authorizers/access")
	const card = "#authorizer-access "
	p.write(card+".token", token)
	p.click(card + "[type=submit]")
	p.waitText(card+".test .why", "policy.allow")
	p.wantText(card+".test", "allowed", "Principal me")
	p.write(card+".token", "Bearer "+p.token(emulator.TokenRequest{Case: "expired"}))
	p.click(card + "[type=submit]")
	p.waitText(card+".test .why", "token is expired")
	p.write(card+".token", "secret")
	p.click(card + "[type=submit]")
	p.waitText(card+".test .why", "identity.mismatch")

	const tenant = "#authorizer-tenant "
	p.write(tenant+".test .part .field:nth-of-type(1) textarea", "X-Tenant: acme")
	p.write(tenant+".test .part .field:nth-of-type(2) textarea", "key=acme-1234")
	p.click(tenant + "[type=submit]")
	p.waitText(tenant+".test .why", "policy.allow")

	// The event of a request leads to the test, where a real token takes the place of the variable.
	id := p.get("/dev/pets", "Authorization", token)
	p.open("#/requests/" + id)
	p.clickText(".step .stepname", "Authorizer")
	p.clickText(".step[open] button", "Open in test")
	p.wait(`document.querySelector('#authorizer-access textarea')?.value.includes('$TOKEN')`)
	event := read[string](p, `document.querySelector('#authorizer-access textarea').value`)
	p.write(card+"textarea", strings.ReplaceAll(event, "$TOKEN", token))
	p.click(card + "[type=submit]")
	p.waitText(card+".test .why", "policy.allow")
	p.write(card+"textarea", "{")
	p.click(card + "[type=submit]")
	p.waitText(card+".test [role=alert]", "The event is not JSON")
}

func routesAndMatrix(p *page) {
	p.tour()
	p.open("#/routes")
	p.waitText("#routes", "/tenant/{proxy+}")
	p.wantText(".view > header", "12 routes, 4 open")
	p.wantText("#routes", "OPEN", "KEY ONLY", "access", "TTL 3600 s", "routes.yaml:54:3")
	p.click("#matrix [type=submit]") // with the policy that is kept
	p.waitText("#matrix [role=status]", "1 allowed, 6 implicit deny, 0 explicit deny")
	row := func(key string) string {
		text, err := json.Marshal(key)
		if err != nil {
			p.t.Fatal(err)
		}
		return read[string](p, `[...document.querySelectorAll('#routes tbody tr')].find((r) => r.textContent.startsWith(`+string(text)+`)).innerText`)
	}
	for key, wanted := range map[string]string{"GET /pets ": "allowed", "GET /pets/{petId}": "implicit deny", "GET /sayhello ": "not asked"} {
		if got := row(key); !strings.Contains(got, wanted) {
			p.t.Errorf("%s: %s, want %s", key, got, wanted)
		}
	}
	p.write("#matrix textarea", `{"principalId":"x","policyDocument":{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"arn:aws:execute-api:*:*:*/*/POST/*"}]}}`)
	p.click("#matrix [type=submit]")
	p.waitText("#matrix [role=status]", "5 allowed, 0 implicit deny, 2 explicit deny")
	p.write("#matrix textarea", `{"Statement":1}`)
	p.click("#matrix [type=submit]")
	p.waitText("#matrix [role=alert]", "Statement")
	p.click("#routes tbody tr:nth-child(3) button")
	p.waitText("#count", "5 of 14 requests")
}

func tokens(p *page) {
	p.open("#/tokens")
	p.wait(`document.querySelector('#inspector').options.length === 5`)
	for kind, wanted := range map[string]string{
		"expired": "token is expired", "not-yet-valid": "is not valid yet", "wrong-audience": "invalid audience", "wrong-issuer": "invalid issuer",
		"wrong-key": "The authorizer", "alg-none": "The token itself: the token says that it is not signed", "tampered": "signature is not that of the local issuer",
	} {
		p.write("#inspector", "access")
		p.write("#case", kind)
		read[chromedp.Void](p, `document.querySelector('#inspection').replaceChildren()`)
		p.click("#mint [type=submit]")
		p.waitText("#inspection", wanted)
		p.wantText("#inspection", "It was sent as Authorization: Bearer ********")
	}
	p.write("#case", "valid")
	p.write("#mint textarea", `{"tenant":"acme"}`)
	p.click("#mint [type=submit]")
	p.waitText("#inspection", "access accepts this token.")
	p.wantText("#inspection", `"tenant": "acme"`, `"alg": "RS256"`)
	p.FastForward(6 * time.Minute)
	p.clickText("button", "Inspect")
	p.waitText("#inspection", "the token expired 1m")
	p.write("#token", "not a token")
	p.clickText("button", "Inspect")
	p.waitText("#inspection", "has three parts with dots between them, and this text has 1")
	p.write("#mint textarea", `{`)
	p.click("#mint [type=submit]")
	p.waitText("#mint [role=alert]", "The claims are no JSON object")
}

func movesClock(p *page) {
	token := "Bearer " + p.token(emulator.TokenRequest{Subject: "me", Lifetime: 48 * time.Hour})
	p.get("/dev/pets", "Authorization", token)
	p.open("#/clock")
	p.waitText("#offset", "The real time.")
	p.clickText("button", "+ 301s")
	p.waitText("#offset", "5 min 1 s ahead of the real time.")
	p.write("#jump", "-1s")
	p.clickText("button", "Move")
	p.waitText("#offset", "5 min ahead of the real time.")
	p.write("#jump", "soon")
	p.clickText("button", "Move")
	p.waitText("[role=alert]", "is no duration")
	p.clickText("button", "+ 24h")
	p.waitText("#offset", "1 d 5 min")
	id := p.get("/dev/pets", "Authorization", token)
	p.click("#resetclock")
	p.waitText("#offset", "The real time.")
	p.open("#/requests/" + id)
	p.waitText(".facts", "miss: the authorizer was called") // the kept result is past its time
}

func routeFile(p *page) {
	whole, err := os.ReadFile(p.routes)
	if err != nil {
		p.t.Fatal(err)
	}
	p.open("#/file")
	p.waitText(".view", "is served as it is.")
	p.writeRoutes(strings.Replace(string(whole), "  stage: dev", "  stge: dev", 1))
	p.click("#reload")
	p.waitText("#problems", `unknown key "stge", did you mean "stage"?`)
	p.wantText(".view .why", "is not served")
	if got := read[string](p, `[...document.querySelectorAll('#problems tbody td')].slice(0, 2).map((c) => c.textContent).join(':')`); got != "9:3" {
		p.t.Errorf("the problem is at %s, want 9:3", got)
	}
	p.waitText("nav .alert", "Route file: problems")
	p.writeRoutes(string(whole))
	p.click("#reload")
	p.waitText(".view", "is served as it is.")
	p.wait(`!document.querySelector('nav .alert')`)
	p.open("#/routes")
	p.waitText("#routes", "/pets")
	p.stop()
	p.waitText("#connection", "Disconnected")
	p.open("#/file") // what is shown is not lost, and what cannot be is said
	p.waitText("[role=alert]", "gatewayd does not answer")
}

// axe looks at every view, in light and in dark, wide and narrow.
func accessible(p *page) {
	file := os.Getenv(axeFile)
	if file == "" {
		p.t.Skip(axeFile + " does not say where axe-core is; .ci/run browser gets it")
	}
	axe, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatal(err)
	}
	allowed, denied := p.tour()
	check := func(what, hash, ready string) {
		p.open(hash)
		p.wait(ready)
		read[chromedp.Void](p, `document.querySelectorAll('.side details').forEach((d) => { d.open = true; })`)
		if read[bool](p, `typeof window.axe === 'undefined'`) {
			p.do(chromedp.Evaluate[chromedp.Void](string(axe)))
		}
		p.wait(`getComputedStyle(document.querySelector('.said')).opacity === '0'`)
		violations := read[[]string](p, `axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.flatMap((v) =>
			v.nodes.map((n) => v.id + ': ' + n.html.slice(0, 160) + ' ' + n.failureSummary.replaceAll('\n', ' ').slice(0, 240))))`)
		for _, violation := range violations {
			p.t.Errorf("%s: %s", what, violation)
		}
	}
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 400} {
			p.do(scheme(theme), chromedp.EmulateViewport(width, 800))
			what := theme + " " + map[int64]string{1280: "wide ", 400: "narrow "}[width]
			check(what+"list", "#/requests", `document.querySelector('.entry:not([hidden])')`)
			check(what+"denied", "#/requests/"+denied, `document.querySelector('.statement')`)
			check(what+"allowed", "#/requests/"+allowed, `document.querySelector('.timeline')`)
			check(what+"comparison", "#/compare/"+allowed+"/"+denied, `document.querySelector('.sides')`)
			for _, view := range []string{"routes", "authorizers", "tokens", "clock", "file"} {
				check(what+view, "#/"+view, `document.querySelector('.card') && !document.querySelector('.card')?.textContent.includes('Loading')`)
			}
			// Nothing but what has to is wider than the page.
			if over := read[bool](p, `document.documentElement.scrollWidth > innerWidth || document.querySelector('main').scrollWidth > document.querySelector('main').clientWidth`); over {
				p.t.Errorf("%s: the page scrolls sideways", what)
			}
		}
	}
	p.open("#/requests")
	p.click("#clear")
	p.wait(`getComputedStyle(document.querySelector('.said')).opacity === '0'`)
	check("empty", "#/requests", `document.querySelector('#count')`)
	p.press("?")
	check("help", "#/requests", `document.querySelector('dialog[open]') || true`)
}
