// The authorizers: what they are, a test of each, and the results that they keep.

import { h, fill, button, field, failure, requestLink, say, link, place } from './dom.js';
import { get, post, remove, name, authorizerID } from './api.js';
import { clock, date, millis } from './format.js';
import { json, plain, parsed, value } from './json.js';
import { policyView, decisionName, decisionTone } from './policy.js';
import { take } from './handover.js';

const idOf = (a) => authorizerID(a.name, a.api);

export function authorizersView(root) {
  const view = h('div', { class: 'view' }, h('p', { class: 'state' }, 'Loading…'));
  fill(root, view);
  let refresh = 0;
  let wanted = null;
  let all = [];
  const is = (a) => wanted === idOf(a) || wanted === a.name;
  const reveal = () => {
    const found = all.find(is);
    if (found) document.getElementById(`authorizer-${idOf(found)}`)?.scrollIntoView({ block: 'start' });
  };
  const load = async () => {
    try {
      const authorizers = await get('authorizers');
      all = authorizers;
      const event = take('event');
      const token = take('token');
      const cards = authorizers.map((a) => card(a, is(a) || !wanted ? { event: is(a) ? event : undefined, token } : {}));
      fill(view, h('header', null, h('h2', null, 'Authorizers')),
        cards.length === 0 && h('p', { class: 'state card' }, 'No authorizer is in the route file: every route is open.'),
        cards.map((c) => c.element));
      reveal();
      refresh = setInterval(() => { if (!document.hidden) for (const c of cards) c.refresh(true); }, 3000);
    } catch (error) {
      fill(view, failure(error), button('Try again', load));
    }
  };
  return {
    open([, id]) {
      const first = wanted === null && !refresh;
      wanted = id ?? null;
      if (first) load();
      else reveal();
    },
    destroy() { clearInterval(refresh); },
  };
}

function card(a, given) {
  const cache = h('div', { class: 'result cache' });
  const refresh = (quiet) => loadCache(a, cache, quiet);
  refresh();
  const element = h('section', { class: 'card', id: `authorizer-${idOf(a)}`, 'aria-label': `Authorizer ${idOf(a)}` },
    h('header', null, h('h3', null, a.name), a.api && h('span', { class: 'muted' }, `API ${a.api}`), place(a.source)),
    h('dl', { class: 'facts' }, [
      ['Type', a.type], ['Function', h('code', null, a.function)],
      ['Identity', a.identitySource.length > 0 ? h('ul', { class: 'plain' }, a.identitySource.map((s) => h('li', null, h('code', null, s)))) : 'none'],
      ['Must match', a.identityValidationExpression && value(a.identityValidationExpression)],
      ['Results', a.authorizerResultTtlInSeconds > 0 ? `kept for ${a.authorizerResultTtlInSeconds} s` : 'not kept: authorizerResultTtlInSeconds is 0'],
      ['Guards', a.routes.length > 0 ? a.routes.map((r, i) => [i > 0 && ', ', h('code', null, r)]) : 'no route'],
    ].filter(([, v]) => v).map(([k, v]) => h('div', null, h('dt', null, k), h('dd', null, v)))),
    h('div', { class: 'columns' }, tester(a, given), h('div', { class: 'part' }, h('h3', null, 'Kept results'), cache)));
  return { element, refresh };
}

async function loadCache(a, box, quiet) {
  if (a.authorizerResultTtlInSeconds === 0) {
    fill(box, h('p', { class: 'muted' }, 'Nothing is kept.'));
    return;
  }
  try {
    const kept = await get(`authorizers/${name(idOf(a))}/cache`);
    const shape = JSON.stringify(kept.map((k) => [k.writtenBy.requestId, k.expires]));
    if (quiet && box.dataset.shape === shape) {
      box.querySelectorAll('.age').forEach((cell, i) => { cell.textContent = kept[i].age; });
      return;
    }
    box.dataset.shape = shape;
    fill(box, kept.length === 0 ? h('p', { class: 'muted' }, 'No result is kept now: the next request calls the authorizer.') : [
      h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Kept results of ${idOf(a)}` }, h('table', null,
        h('thead', null, h('tr', null, ['Identity', 'Principal', 'Age', 'Until', 'Written by'].map((t) => h('th', { scope: 'col' }, t)))),
        h('tbody', null, kept.map((k) => h('tr', null,
          h('td', null, k.identity.map((i) => h('div', { title: i.source }, value(i.value)))), h('td', null, k.principalId),
          h('td', { class: 'age' }, k.age), h('td', { title: date(k.expires) }, clock(k.expires).slice(0, 8)),
          h('td', null, requestLink(k.writtenBy.requestId, `${k.writtenBy.method} ${k.writtenBy.path}`))))))),
      h('div', { class: 'actions' }, button('Flush', async (event) => {
        event.currentTarget.disabled = true;
        try {
          await remove(`authorizers/${name(idOf(a))}/cache`);
          say(`${kept.length} kept result${kept.length === 1 ? '' : 's'} of ${a.name} forgotten`);
        } catch (error) {
          say(error.message);
        }
        loadCache(a, box);
      }, { class: 'flush', 'aria-label': `Flush the kept results of ${idOf(a)}` }), link('#/routes', 'Hold a kept policy against all routes'))]);
  } catch (error) {
    if (!quiet) fill(box, failure(error));
  }
}

const pairs = (text, separator, what) => {
  const map = {};
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const at = line.indexOf(separator);
    if (at < 1) throw new Error(`“${line}” is no ${what}: write Name${separator}value`);
    (map[line.slice(0, at).trim()] ??= []).push(line.slice(at + 1).trim());
  }
  return map;
};

// tester runs the authorizer as the Test button of AWS's console does.
function tester(a, { event, token }) {
  const byToken = a.type === 'TOKEN';
  const kinds = byToken ? ['token', 'event'] : ['headers', 'event'];
  let kind = event ? 'event' : kinds[0];
  const tokenField = h('textarea', { rows: '3', spellcheck: 'false', class: 'token', value: byToken && token ? token : '' });
  const headers = h('textarea', { rows: '3', spellcheck: 'false', placeholder: 'X-Tenant: acme', value: !byToken && token ? `Authorization: ${token}` : '' });
  const query = h('textarea', { rows: '2', spellcheck: 'false', placeholder: 'key=value' });
  const eventField = h('textarea', { rows: '8', spellcheck: 'false', value: event ?? '' });
  const arn = h('input', { spellcheck: 'false', autocomplete: 'off', placeholder: 'as the event has it, else …/ESTestInvoke-stage/GET/' });
  const result = h('div', { class: 'result' });
  const inputs = h('div', { class: 'part' });
  const labels = { token: 'Token', headers: 'Headers', event: 'Event' };
  const draw = () => fill(inputs,
    kind === 'token' && field(`Value of ${a.identitySource[0]?.replace('method.request.header.', '') ?? 'the header'}`, tokenField, 'The whole header value, Bearer included where it is sent.'),
    kind === 'headers' && [field('Headers', headers, 'One a line: Name: value.'), field('Query parameters', query, 'One a line: name=value.')],
    kind === 'event' && field('Event', eventField, 'Handed to the function as it is. Put real values in place of $TOKEN.'));
  draw();
  const group = `kind-${idOf(a)}`;
  const form = h('form', { 'aria-label': `Test ${idOf(a)}`, class: 'test' },
    h('div', { class: 'row' }, h('h3', null, 'Test with'), h('div', { class: 'tabs', role: 'radiogroup', 'aria-label': 'Test with' }, kinds.map((k) => h('label', null,
      h('input', { type: 'radio', name: group, value: k, checked: k === kind, onchange: () => { kind = k; draw(); } }), labels[k])))),
    inputs, field('Method ARN', arn),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Test')), result);
  form.addEventListener('submit', async (submit) => {
    submit.preventDefault();
    fill(result, h('p', { class: 'muted' }, 'Calling…'));
    try {
      const asked = arn.value.trim() ? { methodArn: arn.value.trim() } : {};
      if (kind === 'token') asked.token = tokenField.value.trim();
      else if (kind === 'headers') Object.assign(asked, { headers: pairs(headers.value, ':', 'header'), query: pairs(query.value, '=', 'parameter') });
      else {
        asked.event = parsed(eventField.value);
        if (typeof asked.event === 'string') throw new Error('The event is not JSON');
      }
      fill(result, await tested(await post(`authorizers/${name(idOf(a))}/test`, asked)));
    } catch (error) {
      fill(result, failure(error));
    }
  });
  return form;
}

// tested shows what came of a test, the policy with an account of each statement.
export async function tested(t) {
  const allowed = t.decision === 'Allow';
  const tone = t.clientStatus >= 500 ? 'bad' : allowed ? 'ok' : 'warn';
  let policy = null;
  if (t.policy) {
    const evaluated = await post('policy/eval', { policy: t.policy, methodArn: t.methodArn });
    policy = policyView({ ...evaluated, decision: t.decision, methodArn: t.methodArn, policy: parsed(t.policy) });
  }
  return [
    h('div', { class: `why ${tone}`, role: 'status' },
      h('p', null, h('span', { class: `chip ${t.decision ? decisionTone(t.decision) : tone}` }, t.decision ? decisionName(t.decision) : `${t.clientStatus} for the client`), ' ',
        t.reason, ' ', h('code', { class: 'codename' }, t.code), ' ', h('span', { class: 'muted' }, t.latency ? millis(t.latency) : '')),
      t.hint && h('p', null, h('strong', null, 'Try: '), t.hint)),
    t.warnings?.length > 0 && h('ul', { class: 'warnings' }, t.warnings.map((w) => h('li', null, w))),
    t.principalId && h('p', null, 'Principal ', value(t.principalId)),
    Object.keys(t.authorization ?? {}).length > 0 && h('details', null, h('summary', null, 'Context'), json(t.authorization, { label: 'Context' })),
    policy && h('details', { open: !allowed }, h('summary', null, 'Policy'), policy),
    t.log && h('details', null, h('summary', null, 'Execution log'), plain(t.log, 'Execution log')),
  ];
}
