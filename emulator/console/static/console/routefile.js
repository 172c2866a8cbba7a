// The route file: what is served, and what is wrong with the newest version of it.

import { h, fill, button, failure, say, link } from './dom.js';
import { get, post } from './api.js';
import { date } from './format.js';
import { store } from './store.js';

export function fileView(root) {
  const view = h('div', { class: 'view' }, h('p', { class: 'state' }, 'Loading…'));
  fill(root, view);
  let shape = '';
  const show = (config) => {
    const next = JSON.stringify((config.apis ?? [config]).map((c) => [c.loadedAt, c.stale, c.problems, c.findings]));
    if (next === shape) return;
    shape = next;
    fill(view,
      h('header', null, h('h2', null, 'Route file'), button('Load it now', async () => {
        try {
          const loaded = await post('reload');
          show(loaded);
          say(loaded.stale ? 'There are problems' : 'Loaded');
          store.poll();
        } catch (error) {
          say(error.message);
        }
      }, { id: 'reload' })),
      (config.apis ?? [config]).map(one));
  };
  const load = () => get('config').then(show, (error) => { if (!shape) fill(view, failure(error), button('Try again', load)); });
  load();
  const again = setInterval(() => { if (!document.hidden) load(); }, 1500);
  return { destroy() { clearInterval(again); } };
}

// one is what there is to say about one API's file.
function one(config) {
  return [
    h('section', { class: 'card', 'aria-label': `What is served of ${config.name}` },
      h('p', { class: `why ${config.stale ? 'bad' : 'ok'}`, role: 'status' }, config.stale
        ? `The newest version of ${config.file} has ${count(config.problems.length, 'problem')} and is not served. The one of ${date(config.loadedAt)} goes on.`
        : `${config.file} is served as it is.`),
      h('dl', { class: 'facts' }, [['File', h('code', null, config.file)], ['Loaded', date(config.loadedAt)], ['API', `${config.name} (${config.apiId})`], ['Stage', config.stage],
        ['URLs begin', h('code', null, config.basePath || '/')], ['Routes', link('#/routes', String(config.audit?.routes?.length ?? 0))]]
        .map(([k, v]) => h('div', null, h('dt', null, k), h('dd', null, v))))),
    problems('Problems', config.problems, 'problems'),
    problems('Worth a look', config.findings, 'findings'),
  ];
}

const count = (n, what) => `${n} ${what}${n === 1 ? '' : 's'}`;

function problems(title, list, id) {
  if (!list?.length) return null;
  return h('section', { class: 'card', 'aria-label': title }, h('h3', null, title),
    h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Table of ${id}` }, h('table', { id },
      h('thead', null, h('tr', null, ['Line', 'Column', 'What'].map((t) => h('th', { scope: 'col' }, t)))),
      h('tbody', null, list.map((p) => {
        const [, line, column] = p.source.match(/:(\d+):(\d+)$/) ?? [];
        return h('tr', null, h('td', { title: p.source }, line ?? '—'), h('td', null, column ?? '—'), h('td', null, p.message));
      })))));
}
