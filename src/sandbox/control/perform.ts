import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { formOf, textOf } from '../body.js';

export interface Order<Input> {
  readonly schema: z.ZodType<Input>;
  readonly action: (input: Input) => void | Promise<void>;
  /** Where a form goes on. */
  readonly returnTo?: string;
}

/** Carries out what a program or a form of the sandbox's own pages asks. */
export async function perform<Input>(
  request: FastifyRequest,
  reply: FastifyReply,
  { schema, action, returnTo = '/' }: Order<Input>,
): Promise<FastifyReply> {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const parsed = schema.safeParse(isForm ? formOf(request.body) : jsonOf(request.body));
  if (!parsed.success) return reply.code(400).send({ message: z.prettifyError(parsed.error) });
  await action(parsed.data);
  return isForm ? reply.redirect(returnTo, 303) : reply.code(204).send();
}

function jsonOf(body: unknown): unknown {
  try {
    return JSON.parse(textOf(body));
  } catch (error) {
    if ((error as Error).name === 'SyntaxError') return undefined;
    throw error;
  }
}
