// What the list of requests tells of itself: how many there are, what the reader has to know, and why there are none.

import { h, button } from './dom.js';
import { store } from './store.js';

export function counted(shown) {
  const total = store.traces.length;
  const waiting = store.paused && store.waiting.length > 0 ? `, ${store.waiting.length} waiting` : '';
  return `${shown === total ? total : `${shown} of ${total}`} request${total === 1 ? '' : 's'}${waiting}`;
}

export function notices() {
  const parts = [];
  if (store.session) {
    parts.push(h('p', null, `Session ${store.session.name}${store.session.savedAt ? `, saved ${store.session.savedAt}` : ''}. `,
      button('Back to live', () => { store.close(); location.hash = '#/requests'; }, { class: 'quiet', id: 'live' })));
  }
  if (store.dropped > 0) parts.push(h('p', null, `${store.dropped} requests came faster than this page could take them, and are missing here.`));
  if (store.state === 'lost') {
    parts.push(h('p', { class: 'bad' }, store.error?.status > 0 ? store.error.message : 'gatewayd does not answer. The list goes on by itself when it does.'));
  }
  return parts;
}

// whyEmpty has the URL of an open route as an example of what to call, if there is one; unfilter shows every request.
export function whyEmpty(example, unfilter) {
  if (store.traces.length > 0) return h('p', null, 'No request fits. ', button('Show every request', unfilter, { class: 'quiet' }));
  if (store.session) return h('p', null, 'This session has no requests.');
  if (store.paused && store.waiting.length > 0) return h('p', null, `Paused. ${store.waiting.length} requests are waiting.`);
  if (!store.loaded) return h('p', null, store.state === 'lost' ? 'Not connected yet.' : 'Loading…');
  return [h('p', null, 'No requests yet. They appear here as they are answered.'), example && h('p', null, 'For example: ', h('code', { class: 'value' }, `curl ${example}`))];
}
