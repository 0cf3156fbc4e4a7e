import { createHmac } from 'node:crypto';
import type { Reaction, Recorded } from '../support/hostile-issuer-http.js';
import { json, serve, type HttpServer } from '../support/hostile-issuer-http.js';

export interface Message {
  readonly hookId: string;
  readonly deliveryId: string;
  readonly event: string;
  readonly createdAt: string;
  readonly userId: string;
  readonly data: unknown;
  readonly test?: boolean;
}

type Reply = (request: Recorded, nth: number) => Reaction | Promise<Reaction>;

export const taken: Reply = () => json({});

export const status =
  (code: number, headers: Record<string, string> = {}): Reply =>
  () => ({ status: code, headers, body: '' });

/** Somebody else's endpoint, on loopback, which keeps all that arrives. */
export class Receiver {
  readonly requests: Recorded[] = [];
  reply: Reply = taken;

  private constructor(private server?: HttpServer) {}

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.server = await serve(async (request) => {
      receiver.requests.push(request);
      return receiver.reply(request, receiver.requests.length);
    });
    return receiver;
  }

  get origin(): string {
    return this.server?.origin ?? '';
  }

  get host(): string {
    return new URL(this.origin).host;
  }

  get url(): string {
    return `${this.origin}/webhooks`;
  }

  get messages(): Message[] {
    return this.requests.map(({ body }) => JSON.parse(body) as Message);
  }

  get deliveryIds(): string[] {
    return this.messages.map(({ deliveryId }) => deliveryId);
  }

  reset(): void {
    this.requests.length = 0;
    this.reply = taken;
  }

  close(): Promise<void> {
    return this.server?.close() ?? Promise.resolve();
  }
}

/** As somebody without our package would check: by hand, and by the documentation alone. */
export function isSignedBy(key: string, { headers, body }: Recorded): { logto: boolean; latchkey: boolean } {
  const hex = (content: string) => createHmac('sha256', key).update(content, 'utf8').digest('hex');
  const signature = String(headers['latchkey-signature']);
  const [first, ...rest] = signature.split(',');
  const timestamp = String(first).replace('t=', '');
  return {
    logto: headers['logto-signature-sha-256'] === hex(body),
    latchkey:
      timestamp === headers['latchkey-timestamp'] && rest.includes(`v1=${hex(`${timestamp}.${body}`)}`),
  };
}
