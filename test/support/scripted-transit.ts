import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KEEP_ALIVE_MILLISECONDS } from '../../src/sandbox/listening.js';

export interface TransitRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a test puts in the place of an answer: nothing keeps the answer as it is. */
export type TransitScript = (
  request: TransitRequest,
) => { status?: number; body?: string; headers?: Record<string, string> } | 'hang' | 'reset' | undefined;

/** A Transit engine with one key, as HashiCorp Vault answers, on loopback. */
export interface ScriptedTransit {
  readonly url: string;
  readonly requests: TransitRequest[];
  script: TransitScript;
  /** What `keys/:name` says besides the versions. */
  key: { type: string; derived: boolean; min_decryption_version: number };
  /** Adds a version of the key. */
  rotate(): void;
  /** Other bytes under the same name and versions. */
  recreate(): void;
  /** How often it was asked to decrypt. */
  decryptions(): number;
  close(): Promise<void>;
}

export const TRANSIT_TOKEN = 'hvs.canary-token-of-vault';

export async function startTransit(name = 'latchkey'): Promise<ScriptedTransit> {
  let versions = [randomBytes(32)];
  const transit = {
    requests: [] as TransitRequest[],
    script: (() => undefined) as TransitScript,
    key: { type: 'aes256-gcm96', derived: false, min_decryption_version: 1 },
  };

  const actions: Record<string, (body: Readonly<Record<string, unknown>>) => object | undefined> = {
    [`/v1/transit/keys/${name}`]: () => ({ ...transit.key, name, latest_version: versions.length, keys: {} }),
    [`/v1/transit/encrypt/${name}`]: (body) => {
      const version = Number(body['key_version']) || versions.length;
      const key = versions[version - 1];
      return key && { ciphertext: `vault:v${version}:${encrypt(key, body)}`, key_version: version };
    },
    [`/v1/transit/decrypt/${name}`]: (body) => {
      const [, version, text = ''] = /^vault:v(\d+):(.+)$/.exec(String(body['ciphertext'])) ?? [];
      const key = versions[Number(version) - 1];
      const isAllowed = Number(version) >= transit.key.min_decryption_version;
      const plaintext = key && isAllowed ? decrypt(key, text, body) : undefined;
      return plaintext === undefined ? undefined : { plaintext };
    },
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = { path: request.url ?? '', headers: request.headers, body: await bodyOf(request) };
    transit.requests.push(asked);
    const scripted = transit.script(asked);
    if (scripted === 'hang') return;
    if (scripted === 'reset') return void request.socket.destroy();
    const { status, body } = scripted ?? ofVault(asked, actions);
    response.writeHead(status ?? 200, { 'content-type': 'application/json', ...scripted?.headers });
    response.end(body ?? '');
  };

  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MILLISECONDS },
    (request, response) => void answer(request, response),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(transit, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rotate: () => void versions.push(randomBytes(32)),
    recreate: () => void (versions = versions.map(() => randomBytes(32))),
    decryptions: () => transit.requests.filter(({ path }) => path.includes('/decrypt/')).length,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

function ofVault(
  { path, headers, body }: TransitRequest,
  actions: Record<string, (body: TransitRequest['body']) => object | undefined>,
): { status: number; body: string } {
  const says = (status: number, content: object) => ({ status, body: JSON.stringify(content) });
  if (headers['x-vault-token'] !== TRANSIT_TOKEN) return says(403, { errors: ['permission denied'] });
  const action = actions[path];
  if (!action) return says(404, { errors: [] });
  const data = action(body);
  return data
    ? says(200, { request_id: 'some', data })
    : says(400, { errors: ['cipher: message authentication failed'] });
}

const aad = (body: TransitRequest['body']) =>
  Buffer.from(typeof body['associated_data'] === 'string' ? body['associated_data'] : '', 'base64');

function encrypt(key: Buffer, body: TransitRequest['body']): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(aad(body));
  const text = Buffer.from(String(body['plaintext']), 'base64');
  return Buffer.concat([iv, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

function decrypt(key: Buffer, text: string, body: TransitRequest['body']): string | undefined {
  const bytes = Buffer.from(text, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(aad(body)).setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('base64');
  } catch {
    return undefined;
  }
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
