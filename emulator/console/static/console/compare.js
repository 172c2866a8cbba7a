// Two requests side by side: why did this one pass and that one not.

import { h, fill, button, requestLink, failure } from './dom.js';
import { tone, clock, millis, seconds, step, authorizerOf, principalOf } from './format.js';
import { store } from './store.js';
import { value } from './json.js';
import { decisionName } from './policy.js';

export function compareView(ids, { close }) {
  const box = h('article', { class: 'detail compare', 'aria-label': 'Comparison', tabindex: '-1' }, h('p', { class: 'state' }, 'Loading…'));
  Promise.all(ids.map((id) => store.find(id))).then(([a, b]) => show(box, a, b, close)).catch(
    (error) => fill(box, h('div', { class: 'actions' }, button('Close', close, { class: 'quiet close' })),
      error.status === 404 ? h('p', { class: 'state' }, 'One of the two requests is no longer kept.') : failure(error)));
  return box;
}

const list = (items) => (items.length > 0 ? items.join('\n') : '');
const each = (map) => list(Object.entries(map ?? {}).flatMap(([k, values]) => values.map((v) => `${k}: ${v}`)));

// aspects are what two requests are compared by, in the order of the pipeline.
function aspects(trace) {
  const identity = step(trace, 'identity')?.detail;
  const policy = step(trace, 'policy')?.detail;
  const invoked = step(trace, 'integration')?.detail;
  const cache = trace.cache;
  return [
    ['Request', 'Method', trace.method], ['Request', 'Path', trace.path],
    ['Request', 'Query', each(trace.request?.multiValueQueryStringParameters)],
    ['Request', 'Headers', each(trace.request?.multiValueHeaders)], ['Request', 'Body', trace.request?.body ?? ''],
    ['Routing', 'Route', trace.route ?? 'none'], ['Routing', 'Method ARN', trace.methodArn ?? ''],
    ['Authorizer', 'Authorizer', authorizerOf(trace)],
    ['Authorizer', 'Identity', list((identity?.sources ?? []).map((s) => `${s.source}: ${s.found ? s.value ?? '' : 'absent'}`))],
    ['Authorizer', 'Cache', !cache ? '' : cache.state !== 'hit' ? cache.state
      : `hit, written by ${cache.writtenBy.method} ${cache.writtenBy.path} ${seconds((new Date(trace.time) - new Date(cache.writtenBy.time)) / 1000)} before`],
    ['Authorizer', 'Outcome of the authorizer', step(trace, 'authorizer')?.code ?? (step(trace, 'policy') ? 'a result' : step(trace, 'identity')?.code ?? '')],
    ['Authorizer', 'Principal', principalOf(trace)],
    ['Policy', 'Decision', policy ? decisionName(policy.decision) : 'none was evaluated'],
    ['Policy', 'Statements', list((policy?.statements ?? []).map((s) => `${s.index} ${s.effect}: ${s.matched ? 'applied' : `not applied, ${s.reason}`}`))],
    ['Policy', 'Policy', policy?.policy ? JSON.stringify(policy.policy, null, 2) : ''],
    ['Integration', 'Function', invoked?.function ?? 'not called'], ['Integration', 'Error', invoked?.error ?? ''],
    ['Outcome', 'Status', String(trace.status)], ['Outcome', 'Code', trace.code], ['Outcome', 'Reason', trace.reason ?? ''],
  ];
}

// Aspects that differ between any two requests, and explain nothing.
const incidental = /^(user-agent|accept.*|x-amzn-trace-id|traceparent|date|content-length|postman-token):/i;

function differs(name, a, b) {
  const relevant = (text) => (name === 'Headers' ? text.split('\n').filter((line) => !incidental.test(line)).sort().join('\n') : text);
  return relevant(a) !== relevant(b);
}

function show(box, a, b, close) {
  const of = aspects(b);
  const rows = aspects(a).map(([group, name, left], i) => ({ group, name, left, right: of[i][2], different: differs(name, left, of[i][2]) }))
    .filter((row) => row.left || row.right);
  const same = h('input', { type: 'checkbox' });
  const body = h('tbody');
  const draw = () => fill(body, rows.filter((row) => row.different || same.checked).map((row) => h('tr', { class: row.different ? 'different' : '' },
    h('th', { scope: 'row' }, h('span', { class: 'muted group' }, row.group), row.name), cell(row.left, row.right), cell(row.right, row.left))));
  same.addEventListener('change', draw);
  draw();
  fill(box,
    h('div', { class: 'actions' }, h('label', { class: 'check' }, same, ' Show what is the same'), button('Close', close, { class: 'quiet close', title: 'Close (Esc)' })),
    h('h2', null, 'Two requests, side by side'),
    h('section', { class: 'why' }, h('p', { class: 'reason' }, h('strong', null, 'Where do they part? '), parting(rows, a, b))),
    h('table', { class: 'sides' }, h('thead', null, h('tr', null, h('td'), heading(a), heading(b))), body));
}

const heading = (t) => h('th', { scope: 'col' }, h('span', { class: `status ${tone(t.status)}` }, t.status), ' ',
  requestLink(t.requestId, `${t.method} ${t.path}`), h('span', { class: 'muted small' }, ` ${clock(t.time)}, ${millis(t.ms)}`));

// cell marks the lines that the other side has not.
function cell(text, other) {
  if (text === '') return h('td', { class: 'muted' }, '—');
  const there = new Set(other.split('\n'));
  return h('td', null, h('div', { class: 'lines' }, text.split('\n').map((line) => h('div', { class: there.has(line) ? '' : 'changed' }, value(line)))));
}

// What explains a difference, the first that differs before all: an authorizer that failed, a policy, what was kept.
const telling = ['Route', 'Outcome of the authorizer', 'Decision', 'Error', 'Function', 'Authorizer', 'Cache', 'Identity'];

// parting is the first thing behind the request itself that came out differently.
function parting(rows, a, b) {
  if (a.status === b.status && a.code === b.code) return `Nowhere: both ended with ${a.status} ${a.code}.`;
  const deciding = telling.map((name) => rows.find((row) => row.name === name && row.different)).find((row) => row && (row.name !== 'Route' || [row.left, row.right].includes('none')));
  const cause = rows.filter((row) => row.different && (row.group === 'Request' || row.name === 'Method ARN')).map((row) => (row.name === 'Method ARN' ? 'method ARN' : row.name.toLowerCase()));
  const where = deciding ? `At the ${deciding.name.toLowerCase()}` : 'In their outcome';
  const [left, right] = deciding ? [deciding.left, deciding.right] : [`${a.status} ${a.code}`, `${b.status} ${b.code}`];
  return `${where}: ${one(left)} on the left, ${one(right)} on the right.${cause.length > 0 ? ` They came with different ${cause.join(', ')}.` : ' They came alike.'}`;
}

const one = (text) => (!text ? 'nothing' : text.includes('\n') ? `${text.split('\n')[0]} …` : text);
