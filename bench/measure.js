/** What is measured, and how. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { URLSearchParams } from 'node:url';
import autocannon from 'autocannon';
import { codeFor } from './provider.js';

const CONNECTIONS = 16;
const WARM_UP_SECONDS = 1;
const SECONDS = 3;

/** Requests per second and percentiles in milliseconds, of one path under load. */
export async function load(url, headers = {}) {
  await cannonade({ url, headers, duration: WARM_UP_SECONDS });
  const times = [];
  const startedAt = performance.now();
  const result = await cannonade({ url, headers, duration: SECONDS }, times);
  if (result.non2xx + result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} answers were not 2xx, ${result.errors} requests failed`);
  const perSecond = times.length / ((performance.now() - startedAt) / 1000);
  return { perSecond, p50: percentile(times, 50), p99: percentile(times, 99) };
}

async function cannonade(options, times) {
  const run = autocannon({ connections: CONNECTIONS, ...options });
  if (times) run.on('response', (_client, _status, _bytes, milliseconds) => times.push(milliseconds));
  return run;
}

/** Sign-ins one after the other, half of them first ones; the provider's own time is taken off. In milliseconds. */
export async function signIns(backend, provider, count) {
  const times = [];
  for (let index = 0; index < count; index += 1) {
    const spentBefore = provider.spentMilliseconds;
    const { milliseconds } = await signIn(backend, `person-${index % (count / 2)}`);
    times.push(milliseconds - (provider.spentMilliseconds - spentBefore));
  }
  return { p50: percentile(times, 50), p95: percentile(times, 95) };
}

const paths = {
  logto: { start: '/auth/sign-in', callback: '/auth/callback' },
  google: { start: '/auth/social/google', callback: '/callback/google' },
};

/** One sign-in as a browser does it, without the pages of the provider. */
export async function signIn({ url }, subject, provider = 'logto') {
  const { start, callback } = paths[provider];
  const begun = await get(`${url}${start}`);
  const { location = '' } = begun.headers;
  const state = new URL(location).searchParams.get('state');
  const query = new URLSearchParams({ state, code: codeFor(subject, location) });
  const finished = await get(`${url}${callback}?${query}`, cookiesOf(begun));
  if (finished.headers.location !== '/') throw new Error(`the sign-in ends with ${finished.status}`);
  return { cookie: cookiesOf(finished), milliseconds: begun.milliseconds + finished.milliseconds };
}

/** Adds the account of a person at Google to the signed-in user, as a form of ours does. The cookie that the session has from then on. */
export async function link({ url }, cookie, subject) {
  const { csrf_token: proof } = await (await fetch(`${url}/api/csrf-token`, { headers: { cookie } })).json();
  const begun = await fetch(`${url}/auth/social/google/link`, {
    method: 'POST',
    headers: { cookie, 'x-csrf-token': proof, origin: url, 'sec-fetch-site': 'same-origin' },
    redirect: 'manual',
  });
  const location = begun.headers.get('location') ?? '';
  const state = new URL(location).searchParams.get('state');
  const query = new URLSearchParams({ state, code: codeFor(subject, location) });
  const cookies = [cookie, ...begun.headers.getSetCookie().map((one) => one.split(';')[0])].join('; ');
  const finished = await get(`${url}/callback/google?${query}`, cookies);
  if (finished.headers.location !== '/')
    throw new Error(`the account is not linked: ${finished.headers.location}`);
  return cookiesOf(finished);
}

/** Two requests one after the other, as a sign-in has, to the bare framework. In milliseconds. */
export async function pairs(url, count) {
  const times = [];
  for (let index = 0; index < count; index += 1)
    times.push((await get(url)).milliseconds + (await get(url)).milliseconds);
  return { p50: percentile(times, 50), p95: percentile(times, 95) };
}

const agent = new Agent({ keepAlive: true });

async function get(url, cookie) {
  const startedAt = performance.now();
  const outgoing = request(url, { agent, headers: cookie ? { cookie } : {} }).end();
  const [response] = await once(outgoing, 'response');
  response.resume();
  await once(response, 'end');
  const { headers, statusCode: status } = response;
  return { headers, status, milliseconds: performance.now() - startedAt };
}

const cookiesOf = ({ headers }) =>
  (headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0]).join('; ');

export function percentile(values, rank) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * rank) / 100))];
}
