import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { LatchkeyError } from '../../common/errors.js';
import { HttpClient } from '../../common/http-client.js';
import { Remembered } from '../../common/remembered.js';
import type { Secret } from '../../common/secret.js';
import { notStored } from '../refresher.js';
import { TokenVaultService, type ReadOptions } from '../token-vault.service.js';
import { ApiHosts, type ApiAddress } from './api-hosts.js';

/** In whose name a provider's API is called. */
export interface ProviderAccess extends Pick<ReadOptions, 'scope' | 'secretId' | 'reader'> {
  readonly userId: string;
  readonly target: string;
}

/** The parts of a request that are the caller's. */
export type ApiRequest = Pick<RequestInit, 'method' | 'headers' | 'body'>;

const LIMITS = { seconds: 30, bytes: 10 * 1024 * 1024 };

/** Token sets whose renewal has not helped. */
const IN_VAIN = { milliseconds: 5 * 60 * 1000, limit: 10_000 };

/** Ours to set: the token, to whom it goes, and where the message ends (RFC 9110 7.6.1, RFC 9112 6). */
const OURS = [
  'authorization',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Calls a provider's API in the name of a user, without the token passing through the application's hands. */
@Injectable()
export class VaultHttpService {
  private readonly inVain: Remembered<true>;

  constructor(
    private readonly vault: TokenVaultService,
    private readonly hosts: ApiHosts,
    private readonly http: HttpClient,
    clock: Clock,
  ) {
    this.inVain = new Remembered(clock, IN_VAIN);
  }

  /**
   * The API's answer, whatever its status; a redirect is one and is not followed. It arrives complete within 30 seconds
   * and 10 MiB. The token goes to hosts of the provider's API alone (see `apiHosts` of the options); where the API takes
   * it no more (401), the request is sent once again with a renewed one, unless its body is a stream.
   *
   * Rejects with `vault.request_forbidden` or `connector.address_forbidden` for another address, as
   * {@link TokenVaultService.read} does for the token, and with `connector.*` where the API gives no answer.
   */
  readonly fetch = async (
    { userId, target, scope, secretId, reader }: ProviderAccess,
    address: string | URL,
    init: ApiRequest = {},
  ): Promise<Response> => {
    const held = (await this.vault.list(userId)).find(
      ({ id, target: its }) => its === target && (secretId === undefined || id === secretId),
    );
    if (!held) throw notStored();
    const api = await this.hosts.assert(held.connectorId, address);
    const request = await prepare(api.url, init);
    const options = { scope, secretId: held.id, reader };
    const { accessToken } = await this.vault.read(userId, target, options);
    const answer = await this.send(api, request, accessToken);
    if (answer.status !== 401 || !request.isRepeatable || this.inVain.peek(held.id)) return answer;
    const renewed = await this.vault.read(userId, target, { ...options, refused: accessToken });
    const isAnother = renewed.accessToken.reveal() !== accessToken.reveal();
    const second = isAnother ? await this.send(api, request, renewed.accessToken) : answer;
    if (second.status === 401) this.inVain.keep(held.id, true);
    return second;
  };

  private send({ url, privateHosts }: ApiAddress, { init }: Prepared, token: Secret): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${sendable(token)}`);
    return this.http.guarded(privateHosts, LIMITS)(url, { ...init, headers });
  }
}

interface Prepared {
  readonly init: RequestInit;
  readonly isRepeatable: boolean;
}

/** Whatever is wrong with the request shows here, before a token is read; a body that is no stream is taken into memory. */
async function prepare(url: URL, { method, headers, body }: ApiRequest): Promise<Prepared> {
  const given = new Headers(headers);
  const header = OURS.find((name) => given.has(name));
  if (header !== undefined) throw forbidden(header);
  const isStream = typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
  const streaming = isStream ? { duplex: 'half' as const } : {};
  const request = new Request(url, { method, headers, body, ...streaming });
  const content = isStream || request.body === null ? request.body : await request.arrayBuffer();
  const init = { method: request.method, headers: request.headers, body: content, ...streaming };
  return { init, isRepeatable: !isStream };
}

/** A header's error would repeat its value. */
function sendable(token: Secret): string {
  const text = token.reveal();
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new LatchkeyError('vault.request_forbidden', 'The token cannot be sent in a header.', {
    data: { reason: 'token' },
  });
}

const forbidden = (reason: string): LatchkeyError =>
  new LatchkeyError('vault.request_forbidden', `The header ${reason} is not the caller's to set.`, {
    data: { reason },
  });
