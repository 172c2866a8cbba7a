import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

const api = process.env.API_URL ?? 'http://127.0.0.1:3000/dev';
const control = (process.env.GATEWAYD_URL ?? 'http://127.0.0.1:3001') + '/_gatewayd';

const post = (path, body) => fetch(control + path, { method: 'POST', body: JSON.stringify(body) });
const mint = async (token) => (await (await post('/tokens', token)).json()).token;

// want fails with the account of the request, which says what to change.
async function want(status, code, path, token) {
  const response = await fetch(api + path, token && { headers: { Authorization: `Bearer ${token}` } });
  await response.text();
  const trace = `${control}/traces/${response.headers.get('x-amzn-RequestId')}`;
  const got = `${response.status} ${(await (await fetch(trace)).json()).code}`;
  assert.equal(got, `${status} ${code}`, await (await fetch(trace + '?format=text')).text());
}

let token;
beforeEach(async () => {
  await post('/reset', {}); // no cached results, no traces, the real time
  token = await mint({ sub: 'user-1', expires: '1h' });
});

test('without a token', () => want(401, 'identity.missing', '/pets'));

test('with an expired token', async () => want(401, 'authorizer.unauthorized', '/pets', await mint({ case: 'expired' })));

test('the cached policy is for one method', async () => {
  await want(200, 'integration.ok', '/pets', token);
  await want(403, 'policy.implicit_deny', '/pets/1', token);
  await post('/clock', { advance: '301s' }); // past authorizerResultTtlInSeconds
  await want(200, 'integration.ok', '/pets/1', token);
});
