// The account of one request.

import { h, fill, button, copy, requestLink, link, failure, section, place } from './dom.js';
import { clock, date, millis, seconds, tone, refuses, step, authorizerOf, principalOf } from './format.js';
import { json, plain, value } from './json.js';
import { policyView } from './policy.js';
import { curl, withVariables } from './curl.js';
import { replayForm, replay } from './replay.js';
import { store } from './store.js';
import { get, getText, authorizerID } from './api.js';
import { handOver } from './handover.js';

const names = {
  route: 'Route', body: 'Body', identity: 'Identity', cache: 'Cache', authorizer: 'Authorizer', policy: 'Policy',
  resource_policy: 'Resource policy', integration: 'Integration', response: 'Response', limits: 'Limits', key: 'API key', usage: 'Usage plan',
};
const stepName = (name) => names[name] ?? name[0].toUpperCase() + name.slice(1).replaceAll('_', ' ');

// What the reader opened stays open from one request to the next.
const opened = new Map();

// detail is the account of a request, which may have to be fetched.
export function detail(id, { close, compare, marked }) {
  const box = h('article', { class: 'detail', 'aria-label': 'Request', tabindex: '-1' });
  fill(box, h('p', { class: 'state' }, 'Loading…'));
  store.find(id).then((trace) => {
    if (box.dataset.gone === 'yes') return;
    show(box, trace, { close, compare, marked });
    refresh(box, trace, { close, compare, marked });
  }).catch(
    (error) => fill(box, bar(close), error.status === 404
      ? h('p', { class: 'state' }, 'This request is no longer kept: gatewayd keeps the newest 1,000, and forgets them when it stops.')
      : failure(error)));
  return box;
}

// refresh asks for the trace once more: a function may have gone on writing to its log.
async function refresh(box, trace, actions) {
  if (store.session) return;
  try {
    const now = await get(`traces/${encodeURIComponent(trace.requestId)}`);
    if (box.dataset.gone === 'yes' || now.time !== trace.time || JSON.stringify(now) === JSON.stringify(trace)) return;
    Object.assign(trace, now);
    if (!box.querySelector('form')) show(box, trace, actions);
  } catch { /* what is shown was so when it came */ }
}

const bar = (close, ...more) => h('div', { class: 'actions' }, more, button('Close', close, { class: 'quiet close', title: 'Close (Esc)' }));

function show(box, trace, { close, compare, marked }) {
  box.trace = trace;
  box.setAttribute('aria-label', `${trace.method} ${trace.path} ${trace.status}`);
  const form = h('div', { class: 'replayform' });
  const live = !store.session;
  const canReplay = live && trace.request;
  const toggle = canReplay && button('Edit and replay', () => {
    if (form.firstChild) fill(form);
    else fill(form, replayForm(trace, () => { fill(form); toggle.focus(); }));
  }, { class: 'edit' });
  fill(box,
    bar(close,
      canReplay && button('Replay', (event) => replay(trace, {}, event.currentTarget), { class: 'replay', title: 'Make the same request again (r)' }),
      toggle,
      trace.request && button('Copy as curl', () => copy(curl(trace), 'curl command'), { class: 'curl' }),
      button(marked && marked !== trace ? `Compare with ${marked.method} ${short(marked.path)}` : 'Compare…', () => compare(trace), {
        class: 'compare', title: 'Then choose another request to see where the two part (c)',
      })),
    form,
    h('h2', { class: 'request' }, h('span', { class: `status ${tone(trace.status)}` }, trace.status || '—'), ' ',
      h('span', { class: 'method' }, trace.method), ' ', value(trace.path, { class: 'path' })),
    why(trace),
    facts(trace),
    timeline(trace),
    trace.request && requestSection(trace),
    live && executionLog(trace));
}

const short = (path) => (path.length > 24 ? `…${path.slice(-23)}` : path);

// why says in a sentence what was decided, and what to do about it.
function why(trace) {
  const refused = refuses(trace.code); // a function may answer 404, which refuses nothing
  const sentence = refused ? trace.reason : passed(trace);
  return h('section', { class: `why ${refused && trace.status < 400 ? 'bad' : tone(trace.status)}`, 'aria-label': 'Why' },
    h('p', { class: 'reason' }, h('strong', null, 'Why? '), upper(sentence || trace.code), ' ', h('code', { class: 'codename' }, trace.code)),
    trace.hint && h('p', { class: 'cure' }, h('strong', null, 'Try: '), trace.hint));
}

const upper = (text) => text[0].toUpperCase() + text.slice(1);

function passed(trace) {
  const authorizer = authorizerOf(trace);
  const integration = step(trace, 'integration')?.detail;
  const target = integration?.function ? `function ${integration.function} answered ${trace.status}` : integration?.endpoint ? `${integration.endpoint} answered ${trace.status}` : trace.reason || `answered ${trace.status}`;
  if (!authorizer) return `No authorizer guards ${trace.route || 'the route'}; ${target}.`;
  const source = trace.cache?.state === 'hit' ? 'by a policy from the cache' : `by the policy that ${authorizer} returned for this request`;
  return `Allowed ${source}; ${target}.`;
}

function facts(trace) {
  const policy = step(trace, 'policy')?.detail;
  const identity = step(trace, 'identity')?.detail;
  const rows = [
    ['API', trace.api],
    ['Time', `${date(trace.time)} (${clock(trace.time).slice(-3)} ms)`], ['Took', millis(trace.ms)],
    ['Route', trace.route ? [h('code', null, trace.route), ' ', step(trace, 'route')?.source && place(step(trace, 'route').source)] : 'none'],
    ['Method ARN', trace.methodArn && value(trace.methodArn)],
    ['Authorizer', identity ? [link(`#/authorizers/${encodeURIComponent(authorizerID(identity.authorizer, trace.api))}`, identity.authorizer)] : trace.route && 'none: the route is open'],
    ['Identity', identity && h('ul', { class: 'plain' }, identity.sources.map((s) => h('li', null, h('code', null, s.source), ' ',
      s.found ? value(s.value ?? '""') : h('span', { class: 'chip bad' }, 'absent'))))],
    ['Principal', (policy?.principalId || principalOf(trace)) && value(policy?.principalId || principalOf(trace))],
    ['Cache', trace.cache && cache(trace)],
    ['Response type', trace.gatewayResponse && h('code', null, trace.gatewayResponse)],
    ['Replay of', trace.replayOf && requestLink(trace.replayOf, trace.replayOf)],
    ['Request id', [h('code', { class: 'value' }, trace.requestId), ' ', button('Copy', () => copy(trace.requestId, 'Request id'), { class: 'quiet', 'aria-label': 'Copy request id' })]],
  ];
  return h('dl', { class: 'facts' }, rows.filter(([, v]) => v).map(([k, v]) => h('div', null, h('dt', null, k), h('dd', null, v))));
}

function cache(trace) {
  const { state, expires, writtenBy } = trace.cache;
  const until = expires && h('span', { class: 'muted', 'data-expires': expires }, `kept until ${clock(expires).slice(0, 8)}`);
  if (state === 'off') return 'off: authorizerResultTtlInSeconds is 0';
  if (state === 'miss') return ['miss: the authorizer was called', until && [', result ', until]];
  const age = (new Date(trace.time) - new Date(writtenBy.time)) / 1000;
  return h('span', { class: 'writer' }, 'hit: written ', seconds(age), ' before by ',
    requestLink(writtenBy.requestId, `${writtenBy.method} ${writtenBy.path}`), until && [', ', until]);
}

function timeline(trace) {
  const total = Math.max(trace.ms, ...trace.steps.map((s) => s.ms), 0.001);
  let start = 0;
  return section('Timeline', h('ol', { class: 'timeline' }, trace.steps.map((s, i) => {
    const bad = refuses(s.code);
    const open = opened.get(s.name) ?? (bad && i === trace.steps.length - 1);
    const bar = h('span', { class: 'meter', 'aria-hidden': 'true' }, h('span', { class: bad ? 'fill bad' : 'fill' }));
    const fillBar = bar.firstChild;
    fillBar.style.marginLeft = `${Math.min(98, 100 * start / total)}%`;
    fillBar.style.width = `${Math.max(2, Math.min(100 - 100 * start / total, 100 * s.ms / total))}%`;
    start += s.ms;
    const body = h('div', { class: 'stepbody' });
    const fold = h('details', { class: bad ? 'step bad' : 'step', open },
      h('summary', null,
        h('span', { class: `sign ${bad ? 'bad' : 'ok'}`, role: 'img', 'aria-label': bad ? 'stopped here' : 'passed' }, bad ? '✕' : '✓'),
        h('span', { class: 'stepname' }, stepName(s.name)), h('code', { class: 'codename' }, s.code ?? ''), bar, h('span', { class: 'ms' }, millis(s.ms))),
      body);
    let filled = false;
    const ensure = () => {
      if (!fold.open || filled) return;
      filled = true;
      fill(body, stepBody(trace, s));
    };
    fold.addEventListener('toggle', () => { opened.set(s.name, fold.open); ensure(); });
    ensure();
    return h('li', null, fold);
  })));
}

function stepBody(trace, s) {
  const d = s.detail ?? {};
  return [
    s.name === 'route' && candidates(d.candidates),
    s.name === 'identity' && identity(d),
    s.name === 'cache' && trace.cache && h('p', null, cache(trace)),
    (s.name === 'policy' || s.name === 'resource_policy') && d.statements && policyView(d, stepName(s.name)),
    d.function !== undefined && invocation(trace, s.name, d),
    others(s.name, d),
    (s.source || s.confidence) && h('p', { class: 'muted small' }, s.source && ['In ', place(s.source), '. '],
      s.confidence && `AWS's behavior here is ${s.confidence}.`),
    !s.detail && s.name !== 'cache' && h('p', { class: 'muted' }, 'There is nothing more to tell about this step.'),
  ];
}

// Details that have a form of their own. What else a step tells is shown as it comes.
const known = {
  route: ['candidates'], identity: ['authorizer', 'type', 'sources', 'identityValidationExpression'],
  policy: ['principalId', 'methodArn', 'decision', 'resourcePolicy', 'policy', 'statements', 'findings'],
};
known.resource_policy = known.policy;
const invoked = ['authorizer', 'function', 'event', 'answer', 'error', 'principalId', 'warnings', 'log', 'context', 'usageIdentifierKey', 'invocationId'];

function others(name, d) {
  const shown = new Set([...(known[name] ?? []), ...(d.function !== undefined ? invoked : [])]);
  const rest = Object.fromEntries(Object.entries(d).filter(([k]) => !shown.has(k)));
  return Object.keys(rest).length > 0 && json(rest, { label: `${stepName(name)}, more` });
}

function candidates(list) {
  if (!list?.length) return h('p', { class: 'muted' }, 'No route was near.');
  return h('table', { class: 'small' }, h('thead', null, h('tr', null, ['Candidate', 'Outcome', 'Source'].map((t) => h('th', { scope: 'col' }, t)))),
    h('tbody', null, list.map((c) => h('tr', null, h('td', null, h('code', null, c.route)),
      h('td', null, c.chosen ? h('span', { class: 'chip ok' }, 'chosen') : c.reason), h('td', null, c.source && place(c.source))))));
}

function identity(d) {
  const expression = d.identityValidationExpression;
  return [
    h('table', { class: 'small' }, h('thead', null, h('tr', null, ['Identity source', 'Value'].map((t) => h('th', { scope: 'col' }, t)))),
      h('tbody', null, d.sources.map((s) => h('tr', { class: s.found ? '' : 'wrong' }, h('td', null, h('code', null, s.source)),
        h('td', null, s.found ? value(s.value ?? '""') : 'absent'))))),
    d.sources.some((s) => s.repeated) && h('p', { class: 'muted' }, 'What was sent several times counts with its last value.'),
    expression && h('p', null, 'Must match ', value(expression)),
  ];
}

function invocation(trace, name, d) {
  const authorizer = name === 'authorizer';
  const of = `${stepName(name)} ${d.function}`;
  return [
    h('p', { title: d.invocationId && `Invocation ${d.invocationId}` }, 'Function ', h('code', null, d.function), d.principalId && [' named the principal ', value(d.principalId)]),
    d.error && h('p', { class: 'wrong' }, h('strong', null, 'Error: '), d.error),
    d.warnings?.length > 0 && h('ul', { class: 'warnings' }, d.warnings.map((w) => h('li', null, w))),
    d.event !== undefined && [h('h4', null, 'Event'), json(d.event, { label: `Event of ${of}` }),
      h('p', { class: 'actions inline' },
        button('Copy event for a test', () => copy(JSON.stringify(withVariables(d.event), null, 2), 'Event, with $TOKEN in place of secrets,'), { class: 'quiet event' }),
        authorizer && d.authorizer && !store.session && button('Open in test', () => {
          handOver('event', JSON.stringify(withVariables(d.event), null, 2));
          location.hash = `#/authorizers/${encodeURIComponent(authorizerID(d.authorizer, trace.api))}`;
        }, { class: 'quiet' }))],
    d.answer !== undefined && [h('h4', null, authorizer ? 'Answer' : 'Response'), json(d.answer, { label: `Answer of ${of}` })],
    d.context && [h('h4', null, 'Context'), json(d.context, { label: `Context of ${of}` })],
    d.usageIdentifierKey && h('p', null, 'Usage identifier key ', value(d.usageIdentifierKey)),
    d.log?.length > 0 && [h('h4', null, 'Log'), plain(Array.isArray(d.log) ? d.log.join('\n') : String(d.log), `Log of ${of}`)],
  ];
}

// executionLog is the account in AWS's words, which is fetched when somebody wants it.
function executionLog(trace) {
  const body = h('div', { class: 'stepbody' });
  const fold = h('details', { class: 'step' }, h('summary', null, h('span', { class: 'stepname' }, 'Execution log'),
    h('span', { class: 'muted' }, 'as API Gateway writes it')), body);
  fold.addEventListener('toggle', async () => {
    if (!fold.open || body.firstChild) return;
    try {
      fill(body, plain(await getText(`traces/${encodeURIComponent(trace.requestId)}?format=log`), 'Execution log'));
    } catch (error) {
      fill(body, failure(error));
    }
  });
  return section('In AWS’s words', fold);
}

function requestSection(trace) {
  const r = trace.request;
  return section('Request as it came',
    h('details', { class: 'step' }, h('summary', null, h('span', { class: 'stepname' }, 'Headers, query and body'),
      h('span', { class: 'muted' }, `${Object.keys(r.multiValueHeaders ?? {}).length} headers, ${r.bodyBytes} bytes of body`)),
    h('div', { class: 'stepbody' }, json(r, { label: 'Request' }),
      !r.bodyKept && h('p', { class: 'muted' }, 'The body was too long to be kept.'))));
}
