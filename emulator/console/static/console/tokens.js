// Tokens: make one that is right, or wrong in one way; take one apart and hear what an authorizer objects to.

import { h, fill, button, field, failure, copy } from './dom.js';
import { get, post, authorizerID } from './api.js';
import { date, seconds } from './format.js';
import { json, parsed } from './json.js';
import { tested } from './authorizers.js';
import { handOver } from './handover.js';

const cases = {
  valid: 'nothing is wrong', expired: 'expired an hour ago', 'not-yet-valid': 'valid in an hour', 'wrong-audience': 'for another audience', 'wrong-issuer': 'of another issuer',
  'wrong-key': 'signed with a stranger’s key', 'alg-none': 'not signed', tampered: 'changed after signing',
};

export function tokensView(root) {
  const token = h('textarea', { rows: '5', spellcheck: 'false', class: 'token', id: 'token' });
  const authorizer = h('select', { id: 'inspector' }, h('option', { value: '' }, 'nobody'));
  const result = h('div', { class: 'result', id: 'inspection' });
  const inspector = h('form', { class: 'card', 'aria-label': 'Inspect a token' },
    h('h3', null, 'What does an authorizer object to?'),
    field('Token', token, 'With or without Bearer. It is sent to this gatewayd, and nowhere else.'),
    field('Ask', authorizer, 'The authorizer is called with the token, as by its test.'),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Inspect'),
      button('Use in a test', () => {
        handOver('token', token.value.trim());
        location.hash = authorizer.value ? `#/authorizers/${encodeURIComponent(authorizer.value)}` : '#/authorizers';
      }, { class: 'quiet' })),
    result);
  const inspect = async () => {
    fill(result, h('p', { class: 'muted' }, 'Looking…'));
    try {
      const found = await post('tokens/inspect', authorizer.value ? { token: token.value, authorizer: authorizer.value } : { token: token.value });
      fill(result, await inspection(found, authorizer.value));
    } catch (error) {
      fill(result, failure(error));
    }
  };
  inspector.addEventListener('submit', (event) => { event.preventDefault(); inspect(); });
  fill(root, h('div', { class: 'view' }, h('header', null, h('h2', null, 'Tokens'), h('span', { class: 'muted' }, 'of the local issuer: for development only')),
    h('div', { class: 'columns' }, minter((made) => { token.value = made; inspect(); }), inspector)));
  get('authorizers').then((list) => {
    for (const a of list) authorizer.append(h('option', { value: authorizerID(a.name, a.api) }, `${authorizerID(a.name, a.api)} (${a.type})`));
    if (list.length > 0) {
      const first = list.find((a) => a.type === 'TOKEN') ?? list[0];
      authorizer.value = authorizerID(first.name, first.api);
    }
  }, () => {});
  return {};
}

function minter(made) {
  const kind = h('select', { id: 'case' }, Object.entries(cases).map(([v, label]) => h('option', { value: v }, `${v}: ${label}`)));
  const algorithm = h('select', null, ['RS256', 'ES256', 'HS256'].map((v) => h('option', { value: v }, v)));
  const text = (placeholder) => h('input', { placeholder, spellcheck: 'false', autocomplete: 'off' });
  const [subject, audience, scope, expires] = [text('dev@clients'), text('the issuer’s'), text('read:pets write:pets'), text('5m')];
  const claims = h('textarea', { rows: '3', spellcheck: 'false', placeholder: '{"tenant": "acme"}' });
  const result = h('div', { class: 'result' });
  const form = h('form', { class: 'card', 'aria-label': 'Make a token', id: 'mint' },
    h('h3', null, 'Make a token'),
    h('div', { class: 'row' }, field('Case', kind), field('Algorithm', algorithm)),
    h('div', { class: 'row' }, field('Subject', subject), field('Audience', audience)),
    h('div', { class: 'row' }, field('Scopes', scope), field('Expires in', expires)),
    field('More claims', claims, 'JSON. A claim that is null is left out.'),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Make')), result);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      const asked = { case: kind.value, alg: algorithm.value, sub: subject.value.trim(), audience: audience.value.trim(), expires: expires.value.trim(), scope: scope.value.split(/\s+/).filter(Boolean) };
      if (claims.value.trim()) {
        asked.claims = parsed(claims.value);
        if (typeof asked.claims !== 'object') throw new Error('The claims are no JSON object');
      }
      const { token } = await post('tokens', asked);
      fill(result, h('code', { class: 'value token', id: 'made' }, token.split('.').map((p, i) => [i > 0 && '.', h('span', { class: `part${i + 1}` }, p)])),
        h('div', { class: 'actions' }, button('Copy token', () => copy(token, 'Token')), button('Copy as header', () => copy(`Authorization: Bearer ${token}`, 'Header'), { class: 'quiet' })));
      made(`Bearer ${token}`);
    } catch (error) {
      fill(result, error.status === 404 ? h('p', { class: 'state bad', role: 'alert' }, 'This gatewayd has no token issuer.') : failure(error));
    }
  });
  return form;
}

const parties = { token: 'The token itself', issuer: 'Who trusts the local issuer', authorizer: 'The authorizer' };

async function inspection(found, authorizer) {
  const objections = found.objections ?? [];
  const times = ['iat', 'nbf', 'exp'].filter((k) => typeof found.claims?.[k] === 'number');
  const now = Date.parse((await get('clock')).now) / 1000;
  return [
    objections.length === 0
      ? h('p', { class: 'why ok', role: 'status' }, authorizer ? `${authorizer} accepts this token.` : 'Nothing is wrong with this token as far as can be seen here.')
      : h('ul', { class: 'objections', role: 'status' }, objections.map((o) => h('li', { class: o.by === 'issuer' ? 'note' : '' },
        h('strong', null, parties[o.by] ?? o.by), ': ', o.message, ' ', h('code', { class: 'codename' }, o.code), o.hint && h('div', null, h('strong', null, 'Try: '), o.hint)))),
    found.sentAs && h('p', { class: 'muted' }, 'It was sent as ', h('code', null, found.sentAs)),
    times.length > 0 && h('dl', { class: 'facts' }, times.map((k) => h('div', null, h('dt', null, k),
      h('dd', null, `${date(found.claims[k] * 1000)}, ${found.claims[k] > now ? `in ${seconds(found.claims[k] - now)}` : `${seconds(now - found.claims[k])} ago`}`)))),
    found.header && [h('h4', null, 'Header'), json(found.header, { label: 'Header' })],
    found.claims && [h('h4', null, 'Claims'), json(found.claims, { label: 'Claims' })],
    found.authorizer && h('details', null, h('summary', null, `What ${authorizer} answered`), await tested(found.authorizer)),
  ];
}
