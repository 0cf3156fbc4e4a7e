import assert from 'node:assert/strict';
import type { Cases, ConformanceContext } from '../conformance.js';
import { connectionLost, stepOf, timedOut, type Fault } from '../fake-provider.js';
import type { ConformanceSubject, ProviderAnswer } from '../subject.js';
import { errorOf, exchange } from './exchanging.js';
import { secretsOf } from './secrets.js';

interface Misfortune {
  readonly name: string;
  readonly happens: () => ProviderAnswer;
  /** What the person may be told; nothing where every code will do. */
  readonly codes?: readonly string[];
}

const UNAVAILABLE = ['connector.provider_unavailable'];

const misfortunes: readonly Misfortune[] = [
  { name: 'status 500', happens: () => ({ status: 500, text: 'oops' }), codes: UNAVAILABLE },
  {
    name: 'status 503 with JSON',
    happens: () => ({ status: 503, json: { error: 'x' } }),
    codes: UNAVAILABLE,
  },
  {
    name: 'status 429 with Retry-After',
    happens: () => ({ status: 429, headers: { 'retry-after': '7' }, json: {} }),
    codes: ['connector.rate_limited'],
  },
  { name: 'a lost connection', happens: connectionLost, codes: UNAVAILABLE },
  { name: 'no answer in time', happens: timedOut, codes: ['connector.provider_timeout'] },
  { name: 'a redirect', happens: () => ({ status: 302, headers: { location: 'https://evil.invalid/' } }) },
  {
    name: 'a page with status 200',
    happens: () => ({ headers: { 'content-type': 'text/html' }, text: '<p>Hi</p>' }),
  },
  { name: 'an empty body', happens: () => ({ text: '' }) },
  { name: 'JSON null', happens: () => ({ json: null }) },
  { name: 'a JSON list', happens: () => ({ json: [] }) },
  { name: 'an empty JSON object', happens: () => ({ json: {} }) },
  { name: 'status 400 with nonsense', happens: () => ({ status: 400, text: '{{{' }) },
  { name: 'status 401', happens: () => ({ status: 401, json: {} }) },
  { name: 'status 403', happens: () => ({ status: 403, json: {} }) },
];

/**
 * Each misfortune strikes each step of the exchange in turn. A step that the connector can do without may be skipped;
 * then the person has to be the same.
 */
export const faultCases: Cases = (context) => misfortunes.map((misfortune) => faultCase(context, misfortune));

const faultCase = ({ subject, stage: open }: ConformanceContext, { name, happens, codes }: Misfortune) => ({
  name: `survives ${name} at every step`,
  run: async () => {
    const stage = await open();
    await exchange(stage, subject);
    for (const step of new Set(stage.provider.requests.map(stepOf))) {
      const fault: Fault = (answer, request) => (stepOf(request) === step ? happens() : answer);
      const outcome = exchange(stage, subject, { fault });
      const succeeded = await outcome.then(
        ({ identity }) => identity.subject === subject.identity.subject,
        () => false,
      );
      if (succeeded) continue;
      const error = await errorOf(outcome);
      if (codes) assert.ok(codes.includes(error.code), `${step}: ${error.code}`);
      if (error.code === 'connector.rate_limited') assert.equal(error.retryAfterSeconds, 7, step);
      assertSilent(error, [...secretsOf(stage), ...codesOf(subject)]);
    }
  },
});

/** Neither what a person reads nor what a log prints of the error itself may hold a secret. */
function assertSilent(
  error: Error & { upstream?: unknown; data?: unknown },
  secrets: readonly string[],
): void {
  const printed = JSON.stringify([error.message, error.upstream, error.data]);
  for (const secret of secrets) assert.ok(!printed.includes(secret), 'a secret in an error');
}

const codesOf = ({ callback }: ConformanceSubject): string[] =>
  callback?.['code'] ? [callback['code']] : [];
