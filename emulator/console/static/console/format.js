// How values are written.

const pad = (n, width = 2) => String(n).padStart(width, '0');

export function clock(time) {
  const d = new Date(time);
  return Number.isNaN(d.getTime()) ? '' : `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}.${pad(d.getMilliseconds(), 3)}`;
}

export function date(time) {
  const d = new Date(time);
  return Number.isNaN(d.getTime()) ? String(time) : `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

export function millis(ms) {
  if (ms === undefined || ms === null) return '';
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  return ms < 100 ? `${ms.toFixed(1)} ms` : ms < 10000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function seconds(s) {
  const sign = s < 0 ? '−' : '';
  s = Math.abs(Math.round(s));
  if (s < 120) return `${sign}${s} s`;
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const out = [];
  for (const [size, unit] of parts) {
    const n = Math.floor(s / size);
    s -= n * size;
    if (n > 0 && out.length < 2) out.push(`${n} ${unit}`);
  }
  return sign + out.join(' ');
}

// tone is what a status is like: ok, warn or bad.
export const tone = (status) => (status >= 500 ? 'bad' : status >= 400 ? 'warn' : 'ok');

const refusals = /^(route\.(un|not)|resource_policy|identity|authorizer\.(?!disabled)|policy\.(ex|im)|key|usage|request|limit|integration\.(?!ok)|client|gateway)/;

// refuses reports whether a code stands for a step that stopped a request.
export const refuses = (code) => refusals.test(code ?? '');

export const step = (trace, name) => trace.steps?.find((s) => s.name === name);

export function authorizerOf(trace) {
  return step(trace, 'identity')?.detail?.authorizer ?? step(trace, 'authorizer')?.detail?.authorizer ?? '';
}

export function principalOf(trace) {
  return step(trace, 'policy')?.detail?.principalId ?? step(trace, 'authorizer')?.detail?.principalId ?? '';
}

export const masked = (value) => typeof value === 'string' && value.includes('********');
