package console_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"gatewayd/emulator"
)

// visible is the first row that can be seen.
const visible = ".entry:not([hidden])"

// A request is there without anybody reloading the page.
func requestAppears(p *page) {
	p.waitText("#connection", "Live")
	p.waitText("#empty", "No requests yet")
	p.waitText("#empty", "curl "+p.api+"/dev/sayhello")
	p.get("/dev/sayhello")
	p.waitText(visible+" .path", "/dev/sayhello")
	p.wantText("#count", "1 request")
	p.get("/dev/pets")
	p.waitText(visible+" .note", "identity.missing") // the newest is on top
	p.wantText("#count", "2 requests")
}

// What is sent is text, wherever the page shows it.
func hostileText(p *page) {
	const markup = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`
	id := p.get("/dev/echo/%3Cb%3E?x="+`%3Cscript%3Edocument.title='taken'%3C/script%3E`, "X-Hostile", markup, "Authorization", markup)
	p.open("#/requests/" + id)
	p.wait(`document.querySelector('.timeline')`)
	read[chromedp.Void](p, `document.querySelectorAll('details').forEach((d) => { d.open = true; })`)
	p.wait(`document.querySelector('.side').textContent.includes('onerror=')`)
	if got := read[int](p, `document.querySelectorAll('.side img, .side script, .side b').length`); got != 0 {
		p.t.Errorf("%d elements were made of what the client sent", got)
	}
	if title := read[string](p, `document.title`); strings.Contains(title, "taken") {
		p.t.Errorf("the title is %q", title)
	}
	// And if the page did make markup of a text, the browser would not.
	got := read[string](p, `(() => { try { document.body.insertAdjacentHTML('beforeend', '<i>x</i>'); return 'made'; } catch (e) { return e.name; } })()`)
	if got != "TypeError" {
		p.t.Errorf("markup of a text: %s", got)
	}
	read[chromedp.Void](p, `(() => { const s = document.createElement('style'); s.textContent = 'body { display: none }'; document.head.append(s); })()`)
	if got := read[string](p, `getComputedStyle(document.body).display`); got == "none" {
		p.t.Error("an inline style counts")
	}
	p.forgive("style-src", "TrustedHTML")
}

// The page finds a gateway again that was started anew, at the same address, and shows what it answers.
func reconnects(p *page) {
	p.get("/dev/sayhello")
	p.waitText("#count", "1 request")
	p.stop()
	p.waitText("#connection", "Disconnected")
	p.waitText(".notice", "gatewayd does not answer")
	p.start(strings.TrimPrefix(p.control, "http://"))
	p.waitText("#connection", "Live")
	p.wait(`document.querySelector('.notice').hidden`)
	p.get("/dev/petz")
	p.waitText(visible+" .path", "/dev/petz")
	p.wantText("#count", "2 requests") // what was there before stays
}

func narrowing(p *page) {
	p.tour()
	p.waitText("#count", "14 requests")
	p.write("[aria-label='Status']", "403")
	p.waitText("#count", "5 of 14 requests")
	p.write("[aria-label='Code']", "policy")
	p.waitText("#count", "3 of 14 requests")
	p.write("[aria-label='Authorizer']", "access")
	p.waitText("#count", "1 of 14 requests")
	p.waitText(visible+" .path", "/dev/pets/1")
	p.click("#unfilter")
	p.waitText("#count", "14 requests")
	p.write("[aria-label='Route']", "GET /pets")
	p.waitText("#count", "5 of 14 requests")
	p.write("#search", "mismatch")
	p.waitText("#count", "1 of 14 requests")
	p.write("#search", "nothing has this")
	p.waitText("#empty", "No request fits.")
	p.click("#empty button")
	p.waitText("#count", "14 requests")

	p.click("#pause")
	p.get("/dev/sayhello")
	p.waitText("#count", "14 requests, 1 waiting")
	p.click("#pause")
	p.waitText("#count", "15 requests")
	p.click("#clear")
	p.waitText("#empty", "No requests yet")
	p.get("/dev/sayhello")
	p.waitText("#count", "1 request")
}

// While requests come in, what the reader looks at does not move.
func keepsPlace(p *page) {
	for range 8 {
		p.tour()
	}
	p.waitText("#count", "112 requests")
	read[chromedp.Void](p, `document.querySelector('.list').scrollTop = 700`)
	const place = `(() => { const list = document.querySelector('.list').getBoundingClientRect();
		const row = [...document.querySelectorAll('.entry:not([hidden])')].find((r) => r.getBoundingClientRect().top >= list.top);
		return row.item.requestId + ' ' + Math.round(row.getBoundingClientRect().top - list.top); })()`
	p.wait(`document.querySelector('.entry:not([hidden])').getAttribute('aria-posinset') > 5`)
	before := read[string](p, place)
	for range 3 {
		p.tour()
	}
	p.waitText("#count", "154 requests")
	p.waitText(".fresh", "42 new")
	if after := read[string](p, place); after != before {
		p.t.Errorf("at the top of what can be seen: %s before, %s after", before, after)
	}
	p.click(".fresh")
	p.wait(`document.querySelector('.list').scrollTop === 0 && document.querySelector('.fresh').hidden`)
}

func keyboard(p *page) {
	_, denied := p.tour()
	p.waitText("#count", "14 requests")
	p.press("j", "j", "k", "j") // on the second row
	p.wait(`document.querySelector('.entry[aria-selected=true]')?.getAttribute('aria-posinset') === '2'`)
	if hash := read[string](p, `location.hash`); strings.Contains(hash, "requests/") {
		p.t.Errorf("moving opens an account: %s", hash)
	}
	p.press(kb.Enter)
	p.waitText(".detail h2", "/dev/tenant/a/b")
	p.wait(`document.activeElement.matches('.detail')`)
	p.press("j") // with an account open, moving shows the next one
	p.waitText(".detail .facts", "GET /tenant/{proxy+}")
	p.press(kb.Escape)
	p.wait(`!document.querySelector('.detail') && document.activeElement.matches('.list')`)
	p.press("/")
	p.wait(`document.activeElement.id === 'search'`)
	p.press("j", "p") // are text here
	p.wait(`document.querySelector('#search').value.endsWith('jp')`)
	p.press(kb.Escape, kb.Escape)
	p.waitText("#count", "14 requests")
	p.press("?")
	p.waitText("dialog", "Keyboard shortcuts")
	p.press(kb.Escape)
	p.wait(`!document.querySelector('dialog')`)
	p.press("p")
	p.wait(`document.querySelector('#pause').getAttribute('aria-pressed') === 'true'`)
	p.press("p")

	// The list is one stop of the Tab key, and says where one is.
	p.open("#/requests/" + denied)
	p.wait(`(() => { const list = document.querySelector('[role=listbox]');
		const active = document.getElementById(list.getAttribute('aria-activedescendant'));
		return list.tabIndex === 0 && active?.getAttribute('aria-selected') === 'true' && active.textContent.includes('/dev/pets/1'); })()`)
}

// The page works where a container's port is mapped to another one of the host, and under the host's name; and no other page may
// write.
func behindPortMapping(p *page) {
	mapped := listen(p.t, "127.0.0.1:0")
	p.t.Cleanup(func() { _ = mapped.Close() })
	inside := strings.TrimPrefix(p.control, "http://")
	go func() {
		for {
			outer, err := mapped.Accept()
			if err != nil {
				return
			}
			go forward(outer, inside)
		}
	}()
	_, port, err := net.SplitHostPort(mapped.Addr().String())
	if err != nil {
		p.t.Fatal(err)
	}
	allowed, _ := p.tour()
	p.do(chromedp.Navigate("http://localhost:" + port + "/#/requests/" + allowed))
	p.waitText("#connection", "Live")
	p.click(".detail .replay")
	p.waitText("#count", "15 requests")
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.control+"/_gatewayd/traces/"+allowed+"/replay", strings.NewReader("{}"))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Origin", "http://localhost:"+port) // of the page, but not of this address
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		p.t.Errorf("a write from another origin: %d", response.StatusCode)
	}
}

func forward(outer net.Conn, address string) {
	defer outer.Close() //nolint:errcheck // there is nobody to tell
	inner, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer inner.Close() //nolint:errcheck // there is nobody to tell
	go func() {
		_, _ = io.Copy(inner, outer)
		_ = inner.Close()
	}()
	_, _ = io.Copy(outer, inner)
}

// Five thousand requests stay smooth: while more come in and the reader scrolls through all of them, no frame is late for long,
// and no more rows exist than can be seen.
func manyRequests(p *page) {
	p.waitText("#connection", "Live")
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, performance.Enable, performance.EnableParams{})
		return err
	}))
	token := "Bearer " + p.token(emulator.TokenRequest{Subject: "me"})
	paths := []string{"/dev/sayhello", "/dev/pets", "/dev/pets/1", "/dev/petz"}
	ask := func(n int) {
		for i := range n {
			p.ask(paths[i%len(paths)], "Authorization", token)
		}
	}
	const before, during = 4600, 400
	for done := 0; done < before; done += 200 { // no more at once than a stream holds
		ask(200)
		p.waitText("#count", fmt.Sprintf("%d requests", done+200))
	}
	read[chromedp.Void](p, `void (window.measured = (async () => {
		const median = (frames) => frames.toSorted((a, b) => a - b)[frames.length >> 1];
		const frames = async (steps, each) => {
			const took = [];
			let last = performance.now();
			for (let i = 0; i < steps; i++) {
				each(i / steps);
				await new Promise(requestAnimationFrame);
				took.push(performance.now() - last);
				last = performance.now();
			}
			return took;
		};
		const idle = median(await frames(60, () => {})); // what this machine does in any case
		let shifted = 0;
		new PerformanceObserver((list) => { for (const entry of list.getEntries()) shifted += entry.value; }).observe({ type: 'layout-shift' });
		window.begun = true;
		let rows = 0;
		const list = document.querySelector('.list');
		const scrolling = await frames(150, (part) => {
			list.scrollTop = (list.scrollHeight - list.clientHeight) * part;
			rows = Math.max(rows, document.querySelectorAll('.entry').length);
		});
		const start = performance.now();
		const search = document.getElementById('search');
		search.value = 'implicit';
		search.dispatchEvent(new Event('input', { bubbles: true }));
		const narrowing = performance.now() - start;
		search.value = '';
		search.dispatchEvent(new Event('input', { bubbles: true }));
		const after = median(await frames(60, () => {}));
		return { idle: Math.max(idle, after), shifted, scrolling: median(scrolling), worst: Math.max(...scrolling), rows, narrowing };
	})())`)
	p.wait(`window.begun`)
	busy := p.taskSeconds()
	ask(during)
	measured := read[struct{ Idle, Shifted, Scrolling, Worst, Rows, Narrowing float64 }](p, `window.measured`)
	busy = p.taskSeconds() - busy
	p.waitText("#count", "5000 requests")
	p.t.Logf("a frame takes %.1f ms while nothing happens and %.1f ms while 5,000 requests scroll by and 400 come in, the worst %.1f ms; the page works %.1f ms for each; %.0f rows; narrowing takes %.1f ms; layout shift %.3f",
		measured.Idle, measured.Scrolling, measured.Worst, busy*1000/150, measured.Rows, measured.Narrowing, measured.Shifted)
	if measured.Rows > 80 || measured.Shifted > 0.02 {
		p.t.Errorf("more is drawn, or moved, than can be seen: %+v", measured)
	}
	// Compared with what this machine does in any case: 5,000 elements would take ten times as long.
	if measured.Scrolling > 3*measured.Idle+10 || measured.Narrowing > 200 {
		p.t.Errorf("not smooth: %+v", measured)
	}
	heap := read[float64](p, `performance.memory.usedJSHeapSize / 1048576`)
	p.t.Logf("the page's heap has %.0f MB", heap)
	if heap > 400 {
		p.t.Errorf("%.0f MB", heap)
	}
}

// taskSeconds is for how long the page's main thread has worked.
func (p *page) taskSeconds() float64 {
	p.t.Helper()
	var seconds float64
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		result, err := cdp.Call(ctx, t, performance.GetMetrics, cdp.Empty{})
		for _, metric := range result.Metrics {
			if metric.Name == "TaskDuration" {
				seconds = metric.Value
			}
		}
		return err
	}))
	return seconds
}
