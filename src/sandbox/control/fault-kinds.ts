import type { KnownFault } from '../dialect.js';
import type { Fault } from './faults.js';

export interface FaultKind {
  readonly id: string;
  readonly label: string;
  readonly fault: Omit<Fault, 'path'>;
}

/** What may happen at any endpoint of any provider. */
export const faultKinds: readonly FaultKind[] = [
  { id: 'slow', label: 'Slow: the answer comes after 5 seconds', fault: { delayMilliseconds: 5000 } },
  { id: 'hung', label: 'Hung: no answer ever comes', fault: { hang: true } },
  { id: 'dropped', label: 'Dropped connection', fault: { dropConnection: true } },
  { id: 'error', label: '500 Internal Server Error', fault: { status: 500, body: 'Internal Server Error' } },
  { id: 'away', label: '503 Service Unavailable', fault: { status: 503, body: 'Service Unavailable' } },
  {
    id: 'busy',
    label: '429 Too Many Requests, Retry-After 30',
    fault: { status: 429, headers: { 'retry-after': '30' }, body: '{"error":"too_many_requests"}' },
  },
  {
    id: 'malformed',
    label: 'Malformed JSON with status 200',
    fault: { status: 200, contentType: 'application/json', body: '{"access_token":"half a ' },
  },
  {
    id: 'html',
    label: 'An HTML page with status 200',
    fault: { status: 200, contentType: 'text/html', body: '<!doctype html><title>Welcome</title>' },
  },
  {
    id: 'huge',
    label: 'A huge body, 2 MiB of JSON',
    fault: {
      status: 200,
      contentType: 'application/json',
      body: '{"padding":"          "} ',
      repeatBody: 87_382,
    },
  },
];

/** A fault of the list above at this path, or one that a provider knows and that has its own. */
export function faultOf(
  id: string,
  path: string,
  known: readonly (readonly [id: string, KnownFault])[],
): Fault | undefined {
  const general = faultKinds.find((kind) => kind.id === id);
  if (general !== undefined) return { path, ...general.fault };
  return known.find(([knownId]) => knownId === id)?.[1].fault;
}
