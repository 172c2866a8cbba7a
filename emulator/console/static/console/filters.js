// What the list of requests is narrowed to, and the controls that say so.

import { h, fill, button } from './dom.js';
import { authorizerOf } from './format.js';
import { take } from './handover.js';
import { matcher } from './store.js';

const filter = { text: '', status: '', route: '', authorizer: '', code: '' }; // kept while other views are shown
const choices = { status: ['Status', 'Any status'], route: ['Route', 'Any route'], authorizer: ['Authorizer', 'Any authorizer'], code: ['Code', 'Any code'] };

export class Filters {
  #selects = {};
  #options = {}; // what there is to choose, by control

  // changed is called when the reader narrows the list, or widens it.
  constructor(changed) {
    filter.route = take('route') ?? filter.route;
    this.search = h('input', { type: 'search', placeholder: 'Search', 'aria-label': 'Search requests', title: 'Search (/)', value: filter.text, id: 'search', spellcheck: 'false', autocomplete: 'off' });
    this.search.addEventListener('input', () => { filter.text = this.search.value; changed(); });
    for (const [key, [label, any]] of Object.entries(choices)) {
      const select = h('select', { 'aria-label': label }, h('option', { value: '' }, any));
      select.addEventListener('change', () => { filter[key] = select.value; changed(); });
      this.#selects[key] = select;
      this.#options[key] = new Set();
      this.#offer(key);
    }
    this.reset = button('Reset', () => { this.#widen(); changed(); }, { class: 'quiet', id: 'unfilter', title: 'Show every request' });
    this.element = h('div', { class: 'filters', role: 'search' }, this.search, Object.values(this.#selects), this.reset);
  }

  get narrowed() { return Object.values(filter).some(Boolean); }

  // matcher makes a predicate of what is chosen now.
  matcher() { return matcher(filter); }

  #widen() {
    for (const key of Object.keys(filter)) filter[key] = '';
    for (const control of [this.search, ...Object.values(this.#selects)]) control.value = '';
  }

  // learn offers what traces have.
  learn(traces) {
    this.#note(traces.flatMap((trace) => [
      ['status', String(trace.status)],
      ['status', `${Math.floor(trace.status / 100)}xx`],
      ['route', trace.route],
      ['authorizer', authorizerOf(trace)],
      ['code', trace.code],
      ['code', trace.code.split('.')[0]],
    ]));
  }

  // learnRoutes offers what the route file has, called or not.
  learnRoutes(routes) {
    this.#note(routes.flatMap((r) => [['route', `${r.method} ${r.path}`], ['authorizer', r.authorizer?.name]]));
  }

  #note(pairs) {
    const grew = new Set();
    for (const [key, value] of pairs) {
      if (!value || this.#options[key].has(value)) continue;
      this.#options[key].add(value);
      grew.add(key);
    }
    for (const key of grew) this.#offer(key);
  }

  // What was chosen stays among the options, even when it is gone.
  #offer(key) {
    const select = this.#selects[key];
    const values = new Set([...this.#options[key], filter[key]].filter(Boolean));
    const label = (value) => (key === 'code' && !value.includes('.') ? `${value}.*` : value);
    fill(select, select.firstChild, [...values].sort().map((value) => h('option', { value }, label(value))));
    select.value = filter[key];
  }
}
