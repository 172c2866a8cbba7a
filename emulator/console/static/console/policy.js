// A policy with its statements: which applied, and of the others what kept them from it.

import { h, setText } from './dom.js';
import { json } from './json.js';

// policyView shows the detail of a step that evaluated a policy, or what the control API says of one.
export function policyView(detail, title = 'Policy') {
  const document = detail.policy;
  const texts = document?.Statement === undefined ? [] : [document.Statement].flat();
  const statements = detail.statements ?? [];
  return h('div', { class: 'policy' },
    h('p', null, h('span', { class: `chip ${decisionTone(detail.decision)}` }, decisionName(detail.decision)), ' for ',
      h('code', { class: 'value' }, detail.methodArn)),
    detail.resourcePolicy && h('p', { class: 'muted' }, `The resource policy said ${decisionName(detail.resourcePolicy)}; one Allow of either is enough, one Deny decides.`),
    statements.length === 0 && h('p', { class: 'muted' }, 'The policy has no statements, so nothing allows the request.'),
    statements.map((report) => statement(report, texts[report.index], detail.methodArn)),
    detail.findings?.length > 0 && h('div', { class: 'findings' }, h('h4', null, 'What it hardly means'),
      h('ul', null, detail.findings.map((f) => h('li', null, h('code', null, f.code), ' ', f.message)))),
    document && h('details', null, h('summary', null, `${title} as it was written`), json(document, { label: title })));
}

export const decisionName = (decision) => ({ Allow: 'allowed', ImplicitDeny: 'implicit deny', ExplicitDeny: 'explicit deny' })[decision] ?? String(decision).toLowerCase();
export const decisionTone = (decision) => ({ Allow: 'ok', ImplicitDeny: 'warn', ExplicitDeny: 'bad' })[decision] ?? 'bad';

function statement(report, text, arn) {
  const applied = report.matched;
  const name = `Statement ${report.index}${report.sid ? ` “${report.sid}”` : ''}`;
  return h('article', { class: applied ? `statement applied ${report.effect === 'Allow' ? 'ok' : 'bad'}` : 'statement' },
    h('h4', null, name, ' ', h('span', { class: `chip ${report.effect === 'Allow' ? 'ok' : 'bad'}` }, report.effect), ' ',
      h('span', { class: `chip ${applied ? 'on' : 'off'}` }, applied ? 'applied' : `not applied${report.failedOn ? `: ${report.failedOn}` : ''}`)),
    h('p', null, sentence(report.reason)),
    // The first difference only makes sense where two texts part.
    !applied && /Resource$/.test(report.failedOn ?? '') && report.pattern !== undefined &&
      difference('Method ARN', report.value ?? arn, report.offset ?? 0, 'Pattern', report.pattern, report.patternOffset ?? 0),
    !applied && /Action$/.test(report.failedOn ?? '') && report.pattern !== undefined &&
      difference('Action', report.value ?? '', report.offset ?? 0, 'Pattern', report.pattern, report.patternOffset ?? 0),
    report.conditions?.length > 0 && conditions(report.conditions),
    text && json(text, { label: name, mark: marker(text, report) }));
}

const sentence = (text) => text ? text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.') : '';

// marker finds the lines of the element that failed, or of the Resource that matched.
function marker(text, report) {
  const element = report.failedOn || 'Resource';
  const kind = report.matched ? (report.effect === 'Allow' ? 'good' : 'wrong') : 'wrong';
  let inside = false;
  let depth = 0;
  return (line) => {
    const found = line.match(/^ {2}"([^"]+)": ?(.*)$/);
    if (found) {
      inside = found[1].toLowerCase() === element.toLowerCase();
      depth = 0;
    }
    if (!inside || line === '{' || line === '}') return '';
    depth++;
    // Of a list, only the entry that came nearest.
    const one = report.pattern !== undefined && /Resource$|Action$/.test(element) && depth > 1;
    return !one || line.includes(JSON.stringify(report.pattern)) ? kind : '';
  };
}

// difference shows two texts one above the other, marked from where they part. Offsets are in bytes.
export function difference(nameA, a, offsetA, nameB, b, offsetB) {
  return h('dl', { class: 'difference' },
    h('div', null, h('dt', null, nameA), h('dd', null, parted(a, offsetA, 'here the two part'))),
    h('div', null, h('dt', null, nameB), h('dd', null, parted(b, offsetB, 'and here'))));
}

function parted(text, offset, title) {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  const before = decoder.decode(bytes.slice(0, offset));
  const after = decoder.decode(bytes.slice(offset));
  const mark = h('mark', { title });
  setText(mark, after === '' ? '\u00a0' : after);
  return h('code', null, h('span', { class: 'same' }, before), mark, after === '' && h('span', { class: 'muted' }, ' ends here'));
}

function conditions(list) {
  return h('table', { class: 'small' },
    h('caption', null, 'Conditions'),
    h('thead', null, h('tr', null, ['', 'Operator', 'Key', 'Policy wants', 'Request has'].map((t) => h('th', { scope: 'col' }, t || h('span', { class: 'offscreen' }, 'Met'))))),
    h('tbody', null, list.map((c) => h('tr', { class: c.matched ? '' : 'wrong', title: c.reason },
      h('td', null, c.matched ? '✓' : '✕'), h('td', null, c.operator), h('td', null, h('code', null, c.key)),
      h('td', null, (c.want ?? []).join(', ')), h('td', null, c.absent ? 'no such key' : (c.got ?? []).join(', '))))));
}
