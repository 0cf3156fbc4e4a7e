import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';

export const faultSchema = z.strictObject({
  path: z.string().startsWith('/'),
  status: z.coerce.number().int().min(200).max(599).optional(),
  body: z.string().optional(),
  contentType: z.string().optional(),
  delayMilliseconds: z.coerce.number().int().min(0).optional(),
  hang: z.boolean().optional(),
  dropConnection: z.boolean().optional(),
  times: z.coerce.number().int().min(1).optional(),
});

/**
 * A misfortune at one path. A delay comes first; then the connection is dropped, hangs, or answers with
 * `status` and `body` (one alone is enough), and with none of these the real answer follows.
 * It strikes `times` times, or until cleared.
 */
export type Fault = z.infer<typeof faultSchema>;

export class Faults {
  private pending: { fault: Fault; remaining: number }[] = [];

  add(fault: Fault): void {
    this.pending.push({ fault, remaining: fault.times ?? Infinity });
  }

  clear(): void {
    this.pending = [];
  }

  /** The fault that strikes this request, if any; it counts as struck. */
  take(path: string): Fault | undefined {
    const struck = this.pending.find(({ fault }) => fault.path === path);
    if (struck === undefined) return undefined;
    struck.remaining -= 1;
    this.pending = this.pending.filter(({ remaining }) => remaining > 0);
    return struck.fault;
  }
}

/** Whether the fault was the whole answer. */
export async function strike(fault: Fault, reply: FastifyReply): Promise<boolean> {
  if (fault.delayMilliseconds) await delay(fault.delayMilliseconds, undefined, { ref: false });
  if (fault.hang || fault.dropConnection) {
    reply.hijack();
    if (fault.dropConnection) reply.raw.destroy();
    return true;
  }
  if (fault.status === undefined && fault.body === undefined) return false;
  const body = fault.body ?? '';
  const contentType = fault.contentType ?? (body.startsWith('{') ? 'application/json' : 'text/plain');
  await reply
    .code(fault.status ?? 200)
    .type(contentType)
    .send(body);
  return true;
}
