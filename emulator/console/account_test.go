package console_test

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"

	"gatewayd/emulator"
)

// What hardly anybody understands at first: a policy that was kept for one route does not allow another.
func deniedByCache(p *page) {
	allowed, _ := p.tour()
	p.waitText("#count", "14 requests")
	p.write("#search", "implicit_deny")
	p.waitText(visible+" .note", "policy.implicit_deny")
	p.click(visible)
	p.waitText(".why", "Implicit deny: the policy cached 0 s ago by GET /dev/pets allows only …/GET/pets, not …/GET/pets/1")
	p.wantText(".why", "Try: ", "set authorizerResultTtlInSeconds: 0", "policy.implicit_deny")
	p.wantText(".facts", "access", "********", "me", "hit: written 0 s before by GET /dev/pets")
	p.wantText(".timeline", "Route", "Identity", "Cache", "cache.hit", "Policy")
	p.wantText(".statement", "Statement 0", "Allow", "not applied: Resource")
	p.wait(`[...document.querySelectorAll('.difference mark')].map((m) => m.textContent).join() === '/1,\u00a0'`)
	p.wantText(".statement .line.wrong", `"Resource": "arn:aws:execute-api:`)
	if strings.Contains(p.text(".side"), p.token(emulator.TokenRequest{Subject: "me"})) {
		p.t.Error("the token is on the page")
	}
	p.click(".facts .writer a")
	p.waitText(".why", "Allowed by the policy that access returned for this request; function pets answered 200.")
	if hash := read[string](p, `location.hash`); hash != "#/requests/"+allowed {
		p.t.Errorf("the writer is %s, want %s", hash, allowed)
	}
	p.clickText(".step .stepname", "Authorizer")
	p.waitText(".step[open] .code", `"methodArn"`)
	p.clickText(".step .stepname", "Integration")
	p.waitText(".timeline li:last-child .step[open]", "Function pets")
	p.clickText(".step .stepname", "Execution log")
	p.waitText(".step[open] [aria-label='Execution log']", "Starting authorizer: ")
	p.open("#/requests/00000000-0000-4000-8000-000000000000")
	p.waitText(".side", "This request is no longer kept")
}

// A request is made again on the server, which has the secret that the page has not.
func replays(p *page) {
	token := "Bearer " + p.token(emulator.TokenRequest{Subject: "me"})
	id := p.get("/dev/pets", "Authorization", token)
	p.open("#/requests/" + id)
	p.click(".detail .replay")
	p.waitText(".facts", "Replay of")
	p.wantText(".detail h2", "200", "/dev/pets")
	p.wantText(".facts", id, "hit: written", "me")
	p.waitText("#count", "2 requests")

	p.click(".detail .edit")
	p.write(".replayform input.wide", "/dev/pets/1")
	p.click(".replayform [type=submit]")
	p.waitText(".detail h2", "403")
	p.wantText(".why", "Implicit deny: the policy cached")

	p.click(".detail .edit")
	headers := read[string](p, `document.querySelectorAll('.replayform textarea')[1].value`)
	if !strings.Contains(headers, "Authorization: ********") {
		p.t.Errorf("headers to edit:\n%s", headers)
	}
	const field = `.replayform .field:nth-of-type(3) textarea`
	p.write(field, strings.Replace(headers, "********", "Bearer ********", 1))
	p.click(".replayform [type=submit]")
	p.waitText(".replayform", "The value of Authorization is masked.")
	p.write(field, "Accept: */*")
	p.click(".replayform [type=submit]")
	p.waitText(".why", "is absent")
	p.waitText("#count", "4 requests")
	p.press("r")
	p.waitText("#count", "5 requests")
}

func copies(p *page) {
	token := "Bearer " + p.token(emulator.TokenRequest{Subject: "me"})
	id := p.get("/dev/pets?a=it's&b=$(x)", "Authorization", token, "X-Quote", `it's "$HOME"`)
	p.open("#/requests/" + id)
	p.wait(`document.querySelector('.detail .curl')`)
	p.catchCopies()
	p.click(".detail .curl")
	p.wait(`window.copied.length === 1`)
	command := read[string](p, `window.copied[0]`)
	for _, wanted := range []string{
		"curl -i -g --path-as-is -X 'GET' '" + p.api + "/dev/pets?", `b=%24(x)`, `-H 'Authorization: Bearer '"$TOKEN"`, `-H 'X-Quote: it'\''s "$HOME"'`,
	} {
		if !strings.Contains(command, wanted) {
			p.t.Errorf("the command lacks %s:\n%s", wanted, command)
		}
	}
	if strings.Contains(command, "eyJ") {
		p.t.Errorf("the command has the token:\n%s", command)
	}
	output := p.shell(command, "TOKEN="+strings.TrimPrefix(token, "Bearer "))
	if !strings.HasPrefix(output, "HTTP/1.1 200 OK") {
		p.t.Errorf("the command's output:\n%s", output)
	}

	p.clickText(".step .stepname", "Authorizer")
	p.click(".step[open] .event")
	p.wait(`window.copied.length === 2`)
	event := read[map[string]string](p, `JSON.parse(window.copied[1])`)
	if event["type"] != "TOKEN" || event["authorizationToken"] != "$TOKEN" || !strings.HasSuffix(event["methodArn"], "/GET/pets") {
		p.t.Errorf("event %v", event)
	}
}

// A session is saved, and opened again, without its gateway.
func sessions(p *page) {
	p.tour()
	p.waitText("#count", "14 requests")
	folder := p.t.TempDir()
	p.download(folder)
	p.click("#save")
	var files []string
	p.eventually("the download", func() bool {
		files, _ = filepath.Glob(filepath.Join(folder, "gatewayd-*.json"))
		return len(files) == 1
	})
	p.click("#clear")
	p.waitText("#empty", "No requests yet")
	p.do(chromedp.SetUploadFiles("#sessionfile", files))
	p.waitText(".notice", "Session gatewayd-")
	p.waitText("#count", "14 requests")
	p.write("#search", "implicit")
	p.waitText(visible+" .note", "policy.implicit_deny")
	p.click(visible)
	p.waitText(".why", "Implicit deny")
	if read[int](p, `document.querySelectorAll('.detail .replay').length`) != 0 {
		p.t.Error("what is in a file cannot be replayed")
	}
	p.write("#search", "")
	p.get("/dev/sayhello")
	p.click("#live")
	p.waitText("#count", "1 request")

	broken := filepath.Join(folder, "broken.json")
	for text, wanted := range map[string]string{"{": "broken.json is no JSON", `{"traces":[]}`: "no session that was downloaded here"} {
		if err := os.WriteFile(broken, []byte(text), 0o600); err != nil {
			p.t.Fatal(err)
		}
		p.do(chromedp.SetUploadFiles("#sessionfile", []string{broken}))
		p.waitText(".notice", wanted)
	}
}

func compares(p *page) {
	allowed, denied := p.tour()
	p.open("#/requests/" + allowed)
	p.click(".detail .compare")
	p.waitText("#said", "Choose another request")
	p.open("#/requests/" + denied)
	p.click(".detail .compare")
	p.waitText(".compare .why", "At the decision: allowed on the left, implicit deny on the right. They came with different path, method ARN.")
	p.wantText(".sides", "/dev/pets/1", "not applied", "written by GET /dev/pets")
	if strings.Contains(p.text(".sides"), "Principal") {
		p.t.Error("what is the same is shown unasked")
	}
	p.click(".compare input[type=checkbox]")
	p.waitText(".sides", "Principal")
}

// What a function wrote is part of its step, whatever it wrote.
func functionLog(p *page) {
	const session = `{"kind":"gatewayd session","version":1,"traces":[{"requestId":"r1","time":"2026-11-28T08:00:00Z","ms":12,"method":"GET","path":"/dev/a",
		"status":200,"code":"integration.ok","reason":"function \"f\" answered","steps":[{"name":"integration","code":"integration.ok","ms":11,
		"detail":{"function":"f","event":{},"answer":{"statusCode":200},"log":["START RequestId: 1","<b>hello</b> from the function","END RequestId: 1"]}}]},
		{"requestId":"r2","time":"2026-11-28T08:00:01Z","ms":1,"method":"GET","path":"/dev/b","status":404,"code":"integration.ok","reason":"","steps":[],
		"cache":{"state":"hit"}}]}`
	file := filepath.Join(p.t.TempDir(), "session.json")
	if err := os.WriteFile(file, []byte(session), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.wait(`document.querySelector('#sessionfile')`)
	p.do(chromedp.SetUploadFiles("#sessionfile", []string{file}))
	p.waitText("#count", "2 requests")
	p.waitText(visible+" .path", "/dev/b")
	read[chromedp.Void](p, `document.querySelector('.entry:not([hidden])').click()`)
	p.waitText(".side [role=alert]", "undefined") // what nobody can read is an error, and not the end of the page
	p.open("#/requests/r1")
	p.clickText(".step .stepname", "Integration")
	p.waitText(".step[open] [aria-label='Log of Integration f']", "<b>hello</b> from the function")
}
