// The list of requests, and beside it the account of one, or two compared.

import { h, fill, setText, button, say, failure } from './dom.js';
import { store } from './store.js';
import { VirtualList } from './list.js';
import { Filters } from './filters.js';
import { entry, showEntry } from './entry.js';
import { counted, notices, whyEmpty } from './liststate.js';
import { detail } from './detail.js';
import { replay } from './replay.js';
import { compareView } from './compare.js';
import { download, read } from './session.js';
import { get } from './api.js';

let marked = null; // the request to compare with

const addressOf = (trace) => `#/requests/${encodeURIComponent(trace.requestId)}`;

export const requestsView = (root) => new RequestsView(root);

class RequestsView {
  #shown = []; // what the list has now
  #matches;
  #unseen = 0; // new requests above what the reader sees
  #example = ''; // the URL of an open route
  #entering = false; // the reader follows into the account that is opened next
  #filters = new Filters(() => this.#narrow());
  #list = this.#newList();
  #bar = this.#newBar();
  #notice = h('div', { class: 'notice', hidden: true });
  #fresh = button('', () => this.#list.top(), { class: 'fresh', hidden: true });
  #empty = h('div', { class: 'state', id: 'empty' });
  #side = h('div', { class: 'side' });
  #panes = h('div', { class: 'panes' },
    h('div', { class: 'master' }, this.#filters.element, this.#bar.element, this.#notice,
      h('div', { class: 'listbox' }, this.#fresh, this.#list.element, this.#empty)),
    this.#side);
  #onchange = (event) => this.#changed(event.detail);
  #onstate = () => this.#status();
  keys = this.#newKeys();

  constructor(root) {
    fill(root, this.#panes);
    store.addEventListener('change', this.#onchange);
    store.addEventListener('state', this.#onstate);
    this.#filters.learn(store.traces);
    this.#narrow();
    this.#learnRoutes();
  }

  destroy() {
    store.removeEventListener('change', this.#onchange);
    store.removeEventListener('state', this.#onstate);
    this.#list.destroy();
  }

  #newList() {
    const list = new VirtualList({
      label: 'Requests, the newest first',
      row: entry,
      show: (element, trace) => showEntry(element, trace, trace === marked),
      open: (trace) => { location.hash = addressOf(trace); },
      move: (trace) => { if (this.#side.firstChild) location.replace(addressOf(trace)); },
    });
    list.element.addEventListener('scroll', () => { if (this.#unseen > 0 && list.atTop) this.#status(); }, { passive: true });
    return list;
  }

  #newBar() {
    const pause = button('Pause', () => this.#setPaused(!store.paused), { 'aria-pressed': 'false', title: 'Pause the list (p)', id: 'pause' });
    const clear = button('Clear', () => { store.clear(); say('The list is empty. gatewayd keeps its traces.'); }, { title: 'Empty the list', id: 'clear' });
    const save = button('Save session', download, { id: 'save', title: 'Download what the list has, as JSON' });
    const file = h('input', { type: 'file', accept: 'application/json,.json', class: 'offscreen', 'aria-label': 'Session file', id: 'sessionfile', tabindex: '-1' });
    file.addEventListener('change', () => this.#openSession(file));
    const load = button('Open session', () => file.click(), { id: 'load' });
    const count = h('span', { class: 'count', id: 'count' });
    return { element: h('div', { class: 'listbar' }, pause, clear, save, load, file, count), pause, clear, count };
  }

  async #openSession(file) {
    const [chosen] = file.files;
    file.value = ''; // so that the same file can be chosen again
    if (!chosen) return;
    try {
      await read(chosen);
      location.hash = '#/requests';
    } catch (error) {
      fill(this.#notice, failure(error));
      this.#notice.hidden = false;
    }
  }

  async #learnRoutes() {
    let routes;
    try {
      routes = await get('routes');
    } catch {
      return; // the list says that gatewayd does not answer
    }
    const open = routes.find((r) => !r.authorizer && r.method === 'GET' && !r.path.includes('{')) ?? routes[0];
    if (open) this.#example = open.url;
    this.#filters.learnRoutes(routes);
    this.#status();
  }

  #narrow() {
    this.#matches = this.#filters.matcher();
    this.#shown = this.#filters.narrowed ? store.traces.filter(this.#matches) : store.traces.slice();
    this.#unseen = 0;
    this.#list.set(this.#shown, 0);
    this.#status();
  }

  // changed takes in what the store has more than before; less than 0 means that some is gone.
  #changed(added) {
    if (added < 0) {
      this.#filters.learn(store.traces);
      this.#narrow();
      return;
    }
    if (added > 0) this.#arrived(store.traces.slice(-added));
    this.#status();
  }

  #arrived(traces) {
    this.#filters.learn(traces);
    const fit = this.#filters.narrowed ? traces.filter(this.#matches) : traces;
    for (const trace of fit) this.#shown.push(trace);
    if (!this.#list.atTop) this.#unseen += fit.length;
    this.#list.set(this.#shown, fit.length);
  }

  #status() {
    const { pause, clear, count } = this.#bar;
    const { reset } = this.#filters;
    if (this.#list.atTop) this.#unseen = 0;
    this.#fresh.hidden = this.#unseen === 0;
    setText(this.#fresh, `↑ ${this.#unseen} new`);
    reset.style.visibility = this.#filters.narrowed ? 'visible' : 'hidden';
    setText(count, counted(this.#shown.length));
    pause.setAttribute('aria-pressed', String(store.paused));
    setText(pause, store.paused ? 'Resume' : 'Pause');
    pause.disabled = clear.disabled = Boolean(store.session);
    const none = this.#shown.length === 0;
    this.#list.element.hidden = none;
    this.#empty.hidden = !none;
    if (none) fill(this.#empty, whyEmpty(this.#example, () => reset.click()));
    this.#tell();
  }

  // tell leaves a notice alone that says the same already: somebody may be about to press its button.
  #tell() {
    const parts = notices();
    const text = parts.map((p) => p.textContent).join();
    if (this.#notice.dataset.text === text) return;
    this.#notice.dataset.text = text;
    this.#notice.hidden = parts.length === 0;
    fill(this.#notice, parts);
  }

  #setPaused(paused) {
    store.pause(paused);
    this.#status();
  }

  // open shows a request, two compared, or the list alone, as the address says.
  open([kind, ...ids]) {
    const before = this.#side.firstChild;
    if (before) before.dataset.gone = 'yes';
    this.#panes.classList.toggle('open', ids.length > 0);
    this.#panes.classList.toggle('wide', kind === 'compare');
    if (ids.length === 0) {
      fill(this.#side);
      this.#list.refresh();
      return;
    }
    const close = () => this.#close();
    const compare = (trace) => this.#compare(trace);
    fill(this.#side, kind === 'compare' ? compareView(ids, { close }) : detail(ids[0], { close, compare, marked }));
    this.#side.scrollTop = 0;
    if (this.#entering) this.#side.firstChild.focus();
    this.#entering = false;
    const trace = store.byID.get(ids[0]);
    if (kind === 'requests' && trace && this.#list.active !== trace) this.#list.select(trace);
  }

  #close() {
    location.hash = '#/requests';
    this.#list.element.focus();
  }

  // compare marks the first request, and shows the second beside it.
  #compare(trace) {
    if (marked && marked !== trace) {
      location.hash = `#/compare/${encodeURIComponent(marked.requestId)}/${encodeURIComponent(trace.requestId)}`;
      marked = null;
    } else {
      marked = trace;
      say(`Choose another request to compare with ${trace.method} ${trace.path}`);
      this.open(['requests', trace.requestId]);
    }
    for (const element of this.#list.element.querySelectorAll('.entry')) element.classList.toggle('marked', Boolean(marked) && element.item === marked);
  }

  #newKeys() {
    const list = this.#list;
    const current = () => this.#side.querySelector('.detail')?.trace;
    return {
      j: () => list.step(1), ArrowDown: () => list.step(1), k: () => list.step(-1), ArrowUp: () => list.step(-1),
      Home: () => list.step(-Infinity), End: () => list.step(Infinity), PageDown: () => list.step(list.page()), PageUp: () => list.step(-list.page()),
      Enter: () => {
        if (!list.active) return;
        this.#entering = true;
        list.open(list.active);
      },
      Escape: () => {
        if (this.#side.firstChild) this.#close();
        else if (this.#filters.narrowed) this.#filters.reset.click();
      },
      '/': () => this.#filters.search.focus(),
      p: () => { if (!store.session) this.#setPaused(!store.paused); },
      r: () => { const trace = current(); if (trace?.request && !store.session) replay(trace, {}).catch(() => {}); },
      c: () => { const trace = current() ?? list.active; if (trace) this.#compare(trace); },
    };
  }
}
