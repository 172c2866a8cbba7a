package console_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"gatewayd/emulator"
	"gatewayd/emulator/console"
	"gatewayd/handlers"
)

// The variables that CI sets: browserTests asks for tests that need a browser and take a minute, screenshots says where to leave
// pictures, and axeFile where axe-core is.
const (
	browserTests = "BROWSER_TESTS"
	screenshots  = "CONSOLE_SCREENSHOTS"
	axeFile      = "CONSOLE_AXE"
)

const patience = 20 * time.Second // of a test that waits for something

// TestBrowser drives the page in a headless Chromium, each test in a tab with a gateway of its own.
func TestBrowser(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		run  func(*page)
	}{
		{"a request appears", requestAppears},
		{"denied by a kept policy", deniedByCache},
		{"hostile text", hostileText},
		{"reconnects", reconnects},
		{"narrowing", narrowing},
		{"keeps its place", keepsPlace},
		{"keyboard", keyboard},
		{"replays", replays},
		{"copies", copies},
		{"sessions", sessions},
		{"compares", compares},
		{"function log", functionLog},
		{"behind a port mapping", behindPortMapping},
		{"flushes", flushes},
		{"tests authorizers", testsAuthorizers},
		{"routes and matrix", routesAndMatrix},
		{"tokens", tokens},
		{"moves the clock", movesClock},
		{"route file", routeFile},
		{"several APIs", severalAPIs},
		{"accessible", accessible},
		{"many requests", manyRequests},
		{"pictures", pictures},
	}
	browser := startBrowser(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(newPage(t, browser)) })
	}
}

// chromium is a browser without a window.
type chromium struct{ ctx context.Context }

// startBrowser runs Chromium with a profile of its own.
func startBrowser(t *testing.T) *chromium {
	t.Helper()
	if os.Getenv(browserTests) == "" {
		t.Skip("nobody looks at the console: .ci/run browser does")
	}
	program := findBrowser()
	if program == "" {
		t.Fatal("there is no Chromium")
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 800),
		chromedp.Flag("headless", true), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("no-proxy-server", true), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", false),
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, quit := chromedp.NewContext(allocator)
	t.Cleanup(quit)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	return &chromium{ctx}
}

func findBrowser() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"} {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	return ""
}

// page is the console in a tab.
type page struct {
	*gateway
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string // of the browser about the page
	forgiven   []string
}

// newPage opens a tab. What the browser complains about, the content security policy included, fails the test.
func newPage(t *testing.T, in *chromium) *page {
	t.Helper()
	tab, closeTab := chromedp.NewContext(in.ctx)
	t.Cleanup(closeTab)
	p := &page{gateway: newGateway(t), t: t, ctx: tab}
	if err := chromedp.Do(tab); err != nil { // without a deadline, which would be the tab's
		t.Fatal(err)
	}
	go func() {
		for message, err := range chromedp.Console(tab) {
			if err != nil {
				return
			}
			// That a connection is refused while a gateway restarts, or a trace is gone, is no fault of the page.
			if message.IsException() || message.Type == chromedp.ConsoleError && message.Source != "network" {
				p.complain(message.String())
			}
		}
	}()
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		unforgiven := slices.DeleteFunc(p.complaints, func(complaint string) bool {
			return slices.ContainsFunc(p.forgiven, func(text string) bool { return strings.Contains(complaint, text) })
		})
		if len(unforgiven) > 0 {
			t.Errorf("the browser complains:\n%s", strings.Join(unforgiven, "\n"))
		}
		if folder := os.Getenv(screenshots); t.Failed() && folder != "" {
			p.picture(filepath.Join(folder, "failed-"+strings.ReplaceAll(filepath.Base(t.Name()), " ", "-")+".png"))
		}
	})
	p.open("")
	return p
}

// forgive leaves out the complaints that have one of these texts, which a test provoked.
func (p *page) forgive(texts ...string) {
	p.forgiven = append(p.forgiven, texts...)
}

// catchCopies keeps what the page puts on the clipboard, which a browser without a window has not.
func (p *page) catchCopies() {
	p.t.Helper()
	read[chromedp.Void](p, `void Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { (window.copied ??= []).push(text); } } }); window.copied = []`)
}

// shell runs a command as a reader would who pastes it.
func (p *page) shell(command string, environment ...string) string {
	p.t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		p.t.Skip("there is no curl here")
	}
	shell := exec.CommandContext(p.t.Context(), "sh", "-c", command)
	shell.Env = append([]string{"PATH=" + os.Getenv("PATH"), "NO_PROXY=*"}, environment...)
	output, err := shell.Output()
	if err != nil {
		p.t.Errorf("%v:\n%s", err, command)
	}
	return string(output)
}

// download says where the browser puts files.
func (p *page) download(folder string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
			Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: folder,
		})
		return err
	}))
}

// eventually waits for what cannot be waited for in the page.
func (p *page) eventually(what string, met func() bool) {
	p.t.Helper()
	deadline := time.After(patience)
	for tick := time.NewTicker(20 * time.Millisecond); !met(); {
		select {
		case <-tick.C:
		case <-deadline:
			p.t.Fatalf("waited for %s in vain", what)
		}
	}
}

func (p *page) complain(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, text)
}

func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// open goes to a view of the console.
func (p *page) open(hash string) {
	p.t.Helper()
	p.do(chromedp.Navigate(p.control + "/" + hash))
}

// wait waits until an expression of JavaScript is true.
func (p *page) wait(expression string) {
	p.t.Helper()
	script := fmt.Sprintf(`new Promise((resolve) => {
		const check = () => { let met = false; try { met = %s; } catch {} if (met) resolve(true); else setTimeout(check, 15); };
		check();
	})`, expression)
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script, chromedp.EvalAwaitPromise)); err != nil {
		text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`[...document.querySelectorAll(".side, .notice, .listbar, #empty, .said, .view")].map((e) => e.innerText).join("\n")`))
		p.t.Fatalf("waiting for %s: %v; the page says:\n%.1500s", expression, err, text)
	}
}

// waitText waits until an element has a text in it.
func (p *page) waitText(selector, text string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`document.querySelector(%q)?.textContent.includes(%q)`, selector, text))
}

// read evaluates an expression, or what a promise becomes.
func read[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%.200s: %v", expression, err)
	}
	return value
}

func (p *page) text(selector string) string {
	p.t.Helper()
	return read[string](p, fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ''`, selector))
}

func (p *page) wantText(selector string, wanted ...string) {
	p.t.Helper()
	got := p.text(selector)
	for _, text := range wanted {
		if !strings.Contains(got, text) {
			p.t.Errorf("%s lacks %q:\n%s", selector, text, got)
		}
	}
}

// click presses the mouse where the element is, as a reader would.
func (p *page) click(selector string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`document.querySelector(%q)?.offsetParent`, selector))
	p.do(chromedp.Click(selector))
}

// clickText presses the first of the elements that has exactly this text.
func (p *page) clickText(selector, text string) {
	p.t.Helper()
	found := fmt.Sprintf(`[...document.querySelectorAll(%q)].find((e) => e.textContent.trim() === %q)`, selector, text)
	p.wait(found + ` !== undefined`)
	read[chromedp.Void](p, found+`.setAttribute('data-test', 'here')`)
	p.click(`[data-test=here]`)
	read[chromedp.Void](p, `document.querySelector('[data-test=here]')?.removeAttribute('data-test')`)
}

// write replaces what a field has.
func (p *page) write(selector, text string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`document.querySelector(%q) !== null`, selector))
	read[chromedp.Void](p, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.value = %q;
		e.dispatchEvent(new Event('input', { bubbles: true })); e.dispatchEvent(new Event('change', { bubbles: true })); })()`, selector, text))
}

// press sends keys.
func (p *page) press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.do(chromedp.KeyEvent(key))
	}
}

func (p *page) picture(file string) {
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Logf("no picture: %v", err)
		return
	}
	if err := os.WriteFile(file, png, 0o600); err != nil {
		p.t.Error(err)
	}
}

// gateway is what the page shows: the tour of the repository's route file as it once was, with the example functions and the token issuer.
type gateway struct {
	*emulator.Emulator
	t            *testing.T
	routes       string // the file
	api, control string // URLs
	issuer       *emulator.Issuer
	stop         func() // the control listener, and what it knows
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	text, err := os.ReadFile("testdata/routes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{t: t, routes: filepath.Join(t.TempDir(), "routes.yaml")}
	g.writeRoutes(string(text))
	g.start("127.0.0.1:0")
	t.Cleanup(func() { g.stop() })
	return g
}

func (g *gateway) writeRoutes(text string) {
	g.t.Helper()
	if err := os.WriteFile(g.routes, []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// start makes an emulator and serves its control API on an address. It forgets what there was before.
func (g *gateway) start(address string) {
	g.t.Helper()
	control := listen(g.t, address)
	g.control = "http://" + control.Addr().String()
	environment := map[string]string{
		"TOKEN_ISSUER": g.control + emulator.IssuerPath, "JWKS_URI": g.control + emulator.IssuerPath + ".well-known/jwks.json",
		"AUDIENCE": "https://your-api-gateway", "SECRET_KEY": "a secret of the test alone, long enough",
	}
	getenv := func(name string) string { return environment[name] }
	clock := emulator.NewClock()
	functions := emulator.Functions{}
	for name, fn := range handlers.New(handlers.Options{Getenv: getenv, Now: clock.Now}) {
		functions[name] = emulator.FuncOf(fn)
	}
	var err error
	if g.Emulator, err = emulator.New(emulator.RoutesFile(g.routes), functions, &emulator.Options{Getenv: getenv, Clock: clock}); err != nil {
		g.t.Fatal(err)
	}
	if g.issuer, err = emulator.NewIssuer(emulator.IssuerOptions{
		URL: environment["TOKEN_ISSUER"], Audience: environment["AUDIENCE"], SecretKey: environment["SECRET_KEY"], Now: clock.Now,
	}); err != nil {
		g.t.Fatal(err)
	}
	api := listen(g.t, "127.0.0.1:0")
	g.api = "http://" + api.Addr().String()
	options := emulator.ControlOptions{BaseURL: g.api, Issuer: g.issuer, Console: console.Handler()}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	serving := g.Emulator
	for _, serve := range []func() error{
		func() error { return serving.Serve(ctx, api) },
		func() error { return serving.ServeControl(ctx, control, options) },
	} {
		running.Go(func() {
			if err := serve(); err != nil {
				g.t.Error(err)
			}
		})
	}
	var once sync.Once
	g.stop = func() { once.Do(func() { cancel(); running.Wait() }) }
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func (g *gateway) token(request emulator.TokenRequest) string {
	g.t.Helper()
	token, err := g.issuer.Mint(request)
	if err != nil {
		g.t.Fatal(err)
	}
	return token
}

// get makes a request, and returns its id. Headers are pairs of name and value.
func (g *gateway) get(path string, headers ...string) (id string) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, g.api+path, http.NoBody)
	if err != nil {
		g.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header[headers[i]] = []string{headers[i+1]}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	err = errors.Join(err, response.Body.Close())
	if err != nil {
		g.t.Fatal(err)
	}
	return response.Header.Get("X-Amzn-Requestid")
}

// ask makes a request within the process, which is faster.
func (g *gateway) ask(path string, headers ...string) {
	r := httptest.NewRequestWithContext(g.t.Context(), http.MethodGet, path, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header[headers[i]] = []string{headers[i+1]}
	}
	g.ServeHTTP(httptest.NewRecorder(), r)
}
