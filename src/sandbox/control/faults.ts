import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';

const MEBIBYTE = 1024 * 1024;

export const faultSchema = z.strictObject({
  path: z.string().startsWith('/'),
  status: z.coerce.number().int().min(200).max(599).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
  contentType: z.string().optional(),
  repeatBody: z.coerce.number().int().min(1).optional(),
  delayMilliseconds: z.coerce.number().int().min(0).optional(),
  hang: z.boolean().optional(),
  dropConnection: z.boolean().optional(),
  times: z.coerce.number().int().min(1).optional(),
});

/**
 * A misfortune at one path, in which a segment `*` stands for any. A delay comes first; then the connection is
 * dropped, hangs, or answers with `status` and `body` (one alone is enough), the body as often as `repeatBody` says
 * (up to 16 MiB). With none of these the real answer follows; `headers` go with whichever it is.
 * It strikes `times` times, or until cleared.
 */
export type Fault = z.infer<typeof faultSchema>;

export interface PendingFault {
  readonly fault: Fault;
  readonly remaining: number;
}

export class Faults {
  private list: readonly PendingFault[] = [];

  add(fault: Fault): void {
    this.list = [...this.list, { fault, remaining: fault.times ?? Infinity }];
  }

  clear(): void {
    this.list = [];
  }

  get pending(): readonly PendingFault[] {
    return this.list;
  }

  /** The fault that strikes this request, if any; it counts as struck. */
  take(path: string): Fault | undefined {
    const struck = this.list.find(({ fault }) => matches(fault.path, path));
    if (struck === undefined) return undefined;
    this.list = this.list
      .map((entry) => (entry === struck ? { ...entry, remaining: entry.remaining - 1 } : entry))
      .filter(({ remaining }) => remaining > 0);
    return struck.fault;
  }
}

function matches(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  return (
    wanted.length === given.length && wanted.every((part, index) => part === '*' || part === given[index])
  );
}

/** Whether the fault was the whole answer. */
export async function strike(fault: Fault, reply: FastifyReply): Promise<boolean> {
  if (fault.delayMilliseconds) await delay(fault.delayMilliseconds, undefined, { ref: false });
  if (fault.hang || fault.dropConnection) {
    reply.hijack();
    if (fault.dropConnection) reply.raw.destroy();
    return true;
  }
  for (const [name, value] of Object.entries(fault.headers ?? {})) reply.raw.setHeader(name, value);
  if (fault.status === undefined && fault.body === undefined) return false;
  const contentType = fault.contentType ?? (fault.body?.startsWith('{') ? 'application/json' : 'text/plain');
  await reply
    .code(fault.status ?? 200)
    .headers({ 'content-type': contentType, ...fault.headers })
    .send(bodyOf(fault));
  return true;
}

function bodyOf({ body = '', repeatBody = 1 }: Fault): string {
  const most = Math.floor((16 * MEBIBYTE) / Math.max(body.length, 1));
  return body.repeat(Math.min(repeatBody, Math.max(most, 1)));
}
