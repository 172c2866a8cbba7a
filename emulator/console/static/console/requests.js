// The list of requests, and beside it the account of one, or two compared.

import { h, fill, setText, button, field, say, failure } from './dom.js';
import { clock, millis, tone, authorizerOf, refuses } from './format.js';
import { store, matcher } from './store.js';
import { VirtualList } from './list.js';
import { detail } from './detail.js';
import { replay } from './replay.js';
import { compareView } from './compare.js';
import { download, read } from './session.js';
import { get } from './api.js';
import { take } from './handover.js';

const filter = { text: '', status: '', route: '', authorizer: '', code: '' };
let marked = null; // the request to compare with

export function requestsView(root) {
  let shown = [];
  let matches = matcher(filter);
  let unseen = 0;
  let example = '';
  let entering = false; // the reader follows into the account that is opened next
  const narrowed = () => Object.values(filter).some(Boolean);

  const search = h('input', { type: 'search', placeholder: 'Search', 'aria-label': 'Search requests', title: 'Search (/)', value: filter.text, id: 'search', spellcheck: 'false', autocomplete: 'off' });
  const selects = {
    status: choice('Status', 'Any status'), route: choice('Route', 'Any route'),
    authorizer: choice('Authorizer', 'Any authorizer'), code: choice('Code', 'Any code'),
  };
  const pause = button('Pause', () => setPaused(!store.paused), { 'aria-pressed': 'false', title: 'Pause the list (p)', id: 'pause' });
  const clear = button('Clear', () => { store.clear(); say('The list is empty. gatewayd keeps its traces.'); }, { title: 'Empty the list', id: 'clear' });
  const reset = button('Reset', () => {
    for (const k of Object.keys(filter)) filter[k] = '';
    for (const control of [search, ...Object.values(selects)]) control.value = '';
    narrow();
  }, { class: 'quiet', id: 'unfilter', title: 'Show every request' });
  const file = h('input', { type: 'file', accept: 'application/json,.json', class: 'offscreen', 'aria-label': 'Session file', id: 'sessionfile', tabindex: '-1' });
  const save = button('Save session', download, { id: 'save', title: 'Download what the list has, as JSON' });
  const load = button('Open session', () => file.click(), { id: 'load' });
  const count = h('span', { class: 'count', id: 'count' });
  const notice = h('div', { class: 'notice', hidden: true });
  const fresh = button('', () => { list.top(); }, { class: 'fresh', hidden: true });
  const empty = h('div', { class: 'state', id: 'empty' });

  const list = new VirtualList({
    label: 'Requests, the newest first', row, show: showRow,
    open: (trace) => { location.hash = `#/requests/${encodeURIComponent(trace.requestId)}`; },
    move: (trace) => { if (side.firstChild) location.replace(`#/requests/${encodeURIComponent(trace.requestId)}`); },
  });
  const side = h('div', { class: 'side' });
  const panes = h('div', { class: 'panes' },
    h('div', { class: 'master' },
      h('div', { class: 'filters', role: 'search' }, search, Object.values(selects),
        reset),
      h('div', { class: 'listbar' }, pause, clear, save, load, file, count),
      notice, h('div', { class: 'listbox' }, fresh, list.element, empty)),
    side);
  fill(root, panes);

  function choice(label, any) {
    const select = h('select', { 'aria-label': label }, h('option', { value: '' }, any));
    return select;
  }

  search.addEventListener('input', () => { filter.text = search.value; narrow(); });
  for (const [key, select] of Object.entries(selects)) {
    select.addEventListener('change', () => { filter[key] = select.value; narrow(); });
  }
  file.addEventListener('change', async () => {
    const [chosen] = file.files;
    file.value = '';
    if (!chosen) return;
    try {
      await read(chosen);
      location.hash = '#/requests';
    } catch (error) {
      fill(notice, failure(error));
      notice.hidden = false;
    }
  });

  const route = take('route');
  if (route) { filter.route = route; }

  // Options are what there is to choose; what was chosen stays, even when it is gone.
  const options = { status: new Map(), route: new Map(), authorizer: new Map(), code: new Map() };
  function learn(traces) {
    const grew = [];
    const note = (key, value) => {
      if (!value || options[key].has(value)) return;
      options[key].set(value, true);
      if (!grew.includes(key)) grew.push(key);
    };
    for (const trace of traces) {
      note('status', String(trace.status));
      note('status', `${Math.floor(trace.status / 100)}xx`);
      note('route', trace.route);
      note('authorizer', authorizerOf(trace));
      note('code', trace.code);
      note('code', trace.code.split('.')[0]);
    }
    for (const key of grew) offer(key);
  }
  function offer(key) {
    const select = selects[key];
    const values = new Set([...options[key].keys(), filter[key]].filter(Boolean));
    const labels = { code: (v) => (v.includes('.') ? v : `${v}.*`) };
    fill(select, select.firstChild, [...values].sort().map((v) => h('option', { value: v }, labels[key]?.(v) ?? v)));
    select.value = filter[key];
  }

  function row() {
    return h('div', { class: 'entry' }, ['time', 'status', 'method', 'path', 'note', 'ms'].map((c) => h('span', { class: c })));
  }
  function showRow(element, trace) {
    const [time, status, method, path, note, ms] = element.children;
    setText(time, clock(trace.time));
    setText(status, trace.status ? String(trace.status) : '—');
    status.className = `status ${tone(trace.status)}`;
    setText(method, trace.method);
    setText(path, trace.path);
    setText(note, noteOf(trace));
    note.className = refuses(trace.code) ? 'note bad' : 'note';
    setText(ms, millis(trace.ms));
    element.classList.toggle('marked', trace === marked);
  }
  const noteOf = (trace) => [trace.replayOf && '↻', refuses(trace.code) ? trace.code : trace.cache?.state === 'hit' ? 'cached' : ''].filter(Boolean).join(' ');

  function narrow() {
    matches = matcher(filter);
    shown = narrowed() ? store.traces.filter(matches) : store.traces.slice();
    unseen = 0;
    list.set(shown, 0);
    status();
  }

  function changed(added) {
    if (added < 0) {
      learn(store.traces);
      narrow();
      return;
    }
    if (added > 0) {
      const arrived = store.traces.slice(-added);
      learn(arrived);
      const fit = narrowed() ? arrived.filter(matches) : arrived;
      for (const trace of fit) shown.push(trace);
      if (!list.atTop) unseen += fit.length;
      list.set(shown, fit.length);
    }
    status();
  }

  function status() {
    if (list.atTop) unseen = 0;
    fresh.hidden = unseen === 0;
    reset.style.visibility = narrowed() ? 'visible' : 'hidden';
    setText(fresh, `↑ ${unseen} new`);
    const total = store.traces.length;
    const paused = store.paused && store.waiting.length > 0 ? `, ${store.waiting.length} waiting` : '';
    setText(count, `${shown.length === total ? total : `${shown.length} of ${total}`} request${total === 1 ? '' : 's'}${paused}`);
    pause.setAttribute('aria-pressed', String(store.paused));
    setText(pause, store.paused ? 'Resume' : 'Pause');
    pause.disabled = clear.disabled = Boolean(store.session);
    list.element.hidden = shown.length === 0;
    empty.hidden = shown.length > 0;
    if (shown.length === 0) fill(empty, nothing());
    tell();
  }

  // tell shows what the reader has to know about the list as a whole.
  function tell() {
    const parts = [];
    if (store.session) {
      parts.push(h('p', null, `Session ${store.session.name}${store.session.savedAt ? `, saved ${store.session.savedAt}` : ''}. `,
        button('Back to live', () => { store.close(); location.hash = '#/requests'; }, { class: 'quiet', id: 'live' })));
    }
    if (store.dropped > 0) parts.push(h('p', null, `${store.dropped} requests came faster than this page could take them, and are missing here.`));
    if (store.state === 'lost') {
      parts.push(h('p', { class: 'bad' }, store.error?.status > 0 ? store.error.message : 'gatewayd does not answer. The list goes on by itself when it does.'));
    }
    const text = parts.map((p) => p.textContent).join();
    if (notice.dataset.text === text) return;
    notice.dataset.text = text;
    notice.hidden = parts.length === 0;
    fill(notice, parts);
  }

  function nothing() {
    if (store.traces.length > 0) return h('p', null, 'No request fits. ', button('Show every request', () => reset.click(), { class: 'quiet' }));
    if (store.session) return h('p', null, 'This session has no requests.');
    if (store.paused && store.waiting.length > 0) return h('p', null, `Paused. ${store.waiting.length} requests are waiting.`);
    if (!store.loaded) return h('p', null, store.state === 'lost' ? 'Not connected yet.' : 'Loading…');
    return [h('p', null, 'No requests yet. They appear here as they are answered.'), example && h('p', null, 'For example: ', h('code', { class: 'value' }, `curl ${example}`))];
  }

  get('routes').then((routes) => {
    const open = routes.find((r) => !r.authorizer && r.method === 'GET' && !r.path.includes('{')) ?? routes[0];
    if (open) example = open.url;
    for (const r of routes) { options.route.set(`${r.method} ${r.path}`, true); if (r.authorizer) options.authorizer.set(r.authorizer.name, true); }
    offer('route');
    offer('authorizer');
    status();
  }, () => {});

  function setPaused(paused) {
    store.pause(paused);
    status();
  }

  const close = () => { location.hash = '#/requests'; list.element.focus(); };

  function compare(trace) {
    if (marked && marked !== trace) {
      location.hash = `#/compare/${encodeURIComponent(marked.requestId)}/${encodeURIComponent(trace.requestId)}`;
      marked = null;
    } else {
      marked = trace;
      say(`Choose another request to compare with ${trace.method} ${trace.path}`);
      open(['requests', trace.requestId]);
    }
    for (const element of list.element.querySelectorAll('.entry')) element.classList.toggle('marked', Boolean(marked) && element.item === marked);
  }

  function open([kind, ...ids]) {
    const before = side.firstChild;
    if (before) before.dataset.gone = 'yes';
    panes.classList.toggle('open', ids.length > 0);
    panes.classList.toggle('wide', kind === 'compare');
    if (ids.length === 0) {
      fill(side);
      list.refresh();
      return;
    }
    fill(side, kind === 'compare' ? compareView(ids, { close }) : detail(ids[0], { close, compare, marked }));
    side.scrollTop = 0;
    if (entering) side.firstChild.focus();
    entering = false;
    const trace = store.byID.get(ids[0]);
    if (kind === 'requests' && trace && list.active !== trace) list.select(trace);
  }

  const current = () => side.querySelector('.detail')?.trace;
  const onchange = (event) => changed(event.detail);
  store.addEventListener('change', onchange);
  store.addEventListener('state', status);
  list.element.addEventListener('scroll', () => { if (unseen > 0 && list.atTop) status(); }, { passive: true });
  learn(store.traces);
  for (const key of Object.keys(selects)) offer(key);
  narrow();

  return {
    open,
    destroy() {
      store.removeEventListener('change', onchange);
      store.removeEventListener('state', status);
      list.destroy();
    },
    keys: {
      j: () => list.step(1), ArrowDown: () => list.step(1), k: () => list.step(-1), ArrowUp: () => list.step(-1),
      Home: () => list.step(-Infinity), End: () => list.step(Infinity), PageDown: () => list.step(list.page()), PageUp: () => list.step(-list.page()),
      Enter: () => {
        if (!list.active) return;
        entering = true;
        list.open(list.active);
      },
      Escape: () => {
        if (side.firstChild) close();
        else if (narrowed()) reset.click();
      },
      '/': () => search.focus(),
      p: () => { if (!store.session) setPaused(!store.paused); },
      r: () => { const trace = current(); if (trace?.request && !store.session) replay(trace, {}).catch(() => {}); },
      c: () => { const trace = current() ?? list.active; if (trace) compare(trace); },
    },
  };
}
