// The routes with what guards them, and a policy held against all of them.

import { h, fill, button, field, link, failure, requestLink, place } from './dom.js';
import { get, post, name, authorizerID } from './api.js';
import { parsed } from './json.js';
import { decisionName, decisionTone } from './policy.js';
import { handOver } from './handover.js';

export function routesView(root) {
  const view = h('div', { class: 'view' }, h('p', { class: 'state' }, 'Loading…'));
  fill(root, view);
  load(view);
  return {};
}

async function load(view) {
  try {
    const [routes, config, kept] = await Promise.all([get('routes'), get('config'), keptPolicies()]);
    show(view, routes, config, kept);
  } catch (error) {
    fill(view, failure(error), button('Try again', () => load(view)));
  }
}

// keptPolicies are those of all authorizers' kept results.
async function keptPolicies() {
  const authorizers = await get('authorizers');
  const lists = await Promise.all(authorizers.filter((a) => a.authorizerResultTtlInSeconds > 0).map(async (a) =>
    (await get(`authorizers/${name(authorizerID(a.name, a.api))}/cache`)).filter((r) => r.policy).map((r) => ({ authorizer: authorizerID(a.name, a.api), ...r }))));
  return lists.flat();
}

function show(view, routes, config, kept) {
  // Where several APIs are served, their routes say which they belong to.
  const findings = (config.apis ?? [config]).flatMap((c) => c.audit?.findings ?? []);
  const state = new Map((config.apis ?? [config]).flatMap((c) => (c.audit?.routes ?? []).map((r) => [keyOf(r, config.apis && c.apiId), r.state])));
  const body = h('tbody');
  const heading = h('th', { scope: 'col', hidden: true }, 'Policy says');
  const draw = (decisions) => {
    heading.hidden = !decisions;
    fill(body, routes.map((r) => row(r, state.get(keyOf(r, r.api)), decisions)));
  };
  draw(null);
  const open = routes.filter((r) => (state.get(keyOf(r, r.api)) ?? (r.authorizer ? '' : 'OPEN')) === 'OPEN').length;
  fill(view,
    h('header', null, h('h2', null, 'Routes'), h('span', { class: 'muted' }, `${routes.length} routes, ${open} open`)),
    h('section', { class: 'card', 'aria-label': 'Routes' },
      h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Table of routes' }, h('table', { id: 'routes' },
        h('thead', null, h('tr', null, ['Route', 'Guard', 'Target', 'In the file'].map((t) => h('th', { scope: 'col' }, t)), heading)), body))),
    findings.length > 0 && h('section', { class: 'card' }, h('h3', null, 'The audit finds'),
      h('ul', { class: 'objections' }, findings.map((f) => h('li', { class: 'note' }, h('code', null, f.code), ' ', f.message, ' ', place(f.source))))),
    matrix(kept, draw));
}

const keyOf = (r, api) => `${api ?? ''} ${r.method} ${r.path}`;

function row(r, state, decisions) {
  const key = `${r.method} ${r.path}`;
  const own = decisions?.filter((d) => d.path === r.path && (!r.api || d.methodArn.includes(`:${r.api}/`)) && (d.method === r.method || r.method === 'ANY' && !decisions.exact.has(`${d.method} ${d.path}`)));
  return h('tr', null,
    h('td', null, r.api && h('div', { class: 'muted' }, `API ${r.api}`), h('code', null, h('strong', null, r.method), ' ', r.path), ' ',
      button('Requests', () => { handOver('route', key); location.hash = '#/requests'; }, { class: 'quiet', 'aria-label': `Requests of ${key}` })),
    h('td', null, r.authorizer
      ? [link(`#/authorizers/${name(authorizerID(r.authorizer.name, r.api))}`, r.authorizer.name), h('span', { class: 'muted place' }, ` ${r.authorizer.type}, TTL ${r.authorizer.authorizerResultTtlInSeconds} s`)]
      : h('span', { class: 'chip warn' }, state ?? 'OPEN')),
    h('td', null, r.target),
    h('td', null, place(r.source)),
    decisions && h('td', null, !r.authorizer ? h('span', { class: 'muted' }, 'not asked')
      : own.map((d) => h('div', { title: d.reason }, own.length > 1 && [h('code', null, d.method), ' '],
        h('span', { class: `chip ${decisionTone(d.decision)}` }, decisionName(d.decision))))));
}

// matrix holds a policy against every route.
function matrix(kept, draw) {
  const choice = h('select', null, h('option', { value: 'paste' }, 'A policy that I paste'),
    kept.map((k, i) => h('option', { value: String(i) }, `${k.authorizer}: ${k.principalId}, kept ${k.age} ago by ${k.writtenBy.method} ${k.writtenBy.path}`)));
  const text = h('textarea', { rows: '8', spellcheck: 'false', placeholder: '{"Version": "2012-10-17", "Statement": […]}' });
  const told = h('div', { class: 'result' });
  const origin = h('p', { class: 'muted' });
  const pick = () => {
    const result = kept[Number(choice.value)];
    text.value = result ? JSON.stringify(result.policy, null, 2) : '';
    fill(origin, result && ['Written by ', requestLink(result.writtenBy.requestId, `${result.writtenBy.method} ${result.writtenBy.path}`), '.']);
  };
  if (kept.length > 0) choice.value = '0';
  choice.addEventListener('change', pick);
  pick();
  const form = h('form', { class: 'card', 'aria-label': 'Policy against all routes', id: 'matrix' },
    h('h3', null, 'Which routes would a policy allow?'),
    h('p', { class: 'muted' }, 'While results are kept, one policy decides on every route that shares the authorizer.'),
    field('Policy', choice), origin, field('Document', text, 'Or the whole answer of an authorizer: its policyDocument is taken.'),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Show for every route')), told);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    fill(told);
    try {
      const given = parsed(text.value);
      const decisions = await post('policy/matrix', { policy: given?.policyDocument ?? given });
      decisions.exact = new Set(decisions.filter((d) => d.method !== 'ANY').map((d) => `${d.method} ${d.path}`).filter((key) => document.getElementById('routes').textContent.includes(key)));
      draw(decisions);
      const count = (d) => decisions.filter((x) => x.authorizer && x.decision === d).length;
      fill(told, h('p', { role: 'status' }, `Of the guarded routes: ${count('Allow')} allowed, ${count('ImplicitDeny')} implicit deny, ${count('ExplicitDeny')} explicit deny. The table above has each.`));
      document.getElementById('routes').scrollIntoView({ block: 'nearest' });
    } catch (error) {
      draw(null);
      fill(told, failure(error));
    }
  });
  return form;
}
