import { LatchkeyError } from '../common/errors.js';
import type { ConformanceSubject, ProviderAnswer, ProviderRequest, ProviderRound } from './subject.js';

/** What becomes of an answer on its way: another answer, or an error as of the connection. */
export type Fault = (answer: ProviderAnswer, request: ProviderRequest) => ProviderAnswer;

const NO_ROUND: ProviderRound = { state: '', nonce: '', redirectUri: '' };

/** The provider of a subject in place of the network. It remembers what it was asked. */
export class FakeProvider {
  requests: ProviderRequest[] = [];
  fault?: Fault;
  round = NO_ROUND;

  constructor(private readonly subject: ConformanceSubject) {}

  /** Has the signature of `fetch`, and the guarantees of our HTTP client. */
  readonly fetch = async (address: string | URL, init: RequestInit = {}): Promise<Response> => {
    const request = await requestOf(address, init, this.round);
    this.requests.push(request);
    const answer = (await this.subject.provider(request)) ?? { status: 404, text: 'not found' };
    return responseOf(this.fault ? this.fault(answer, request) : answer);
  };

  reset(fault?: Fault): void {
    [this.requests, this.fault] = [[], fault];
  }
}

/** A request without its query: the same step of two runs has the same. */
export const stepOf = ({ method, url }: ProviderRequest): string => `${method} ${url.host}${url.pathname}`;

export const connectionLost = (): never => {
  throw new LatchkeyError('connector.provider_unavailable', 'The provider cannot be reached.');
};

export const timedOut = (): never => {
  throw new LatchkeyError('connector.provider_timeout', 'The provider did not answer in time.');
};

async function requestOf(
  address: string | URL,
  init: RequestInit,
  round: ProviderRound,
): Promise<ProviderRequest> {
  const { method, url, headers, ...request } = new Request(address, { ...init, signal: null });
  const body = await new Request(address, { ...init, signal: null }).text();
  const isForm = headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true;
  const form = isForm ? Object.fromEntries(new URLSearchParams(body)) : {};
  return { ...request, method, url: new URL(url), headers, body, form, round };
}

function responseOf({ status = 200, headers, json, text }: ProviderAnswer): Response {
  const body = json === undefined ? (text ?? '') : JSON.stringify(json);
  const type = json === undefined ? 'text/plain' : 'application/json';
  const empty = [204, 205, 304].includes(status);
  return new Response(empty ? null : body, { status, headers: { 'content-type': type, ...headers } });
}
