import type { ExecutionContext } from '@nestjs/common';
import type { CurrentUser } from './current-user.js';
import { requestOf } from './request-of.js';

/** What guards have established of whoever makes a request. */
export interface Established {
  user?: CurrentUser;
  /** Present where an access token has let the request in. */
  accessToken?: { readonly scope?: readonly string[]; readonly clientId?: string };
  /** The organisation within which it acts. */
  organizationId?: string;
}

const records = new WeakMap<object, Established>();

/**
 * Notes it where the handler finds it: on the request of an HTTP route, where everybody looks. The fields of a GraphQL
 * operation share one request and the messages of a WebSocket one client, so there each execution has a record of its own.
 */
export function establish<Facts extends Established>(context: ExecutionContext, facts: Facts): void {
  if (context.getType() === 'http') Object.assign(requestOf(context), facts);
  else records.set(executionOf(context), { ...records.get(executionOf(context)), ...facts });
}

/** What our guards have noted, or where none of them has, what the application's own guard has put on the request. */
export const establishedOf = (context: ExecutionContext): Established =>
  (context.getType() === 'http' ? undefined : records.get(executionOf(context))) ?? requestOf(context);

/** Nothing is known of the execution any more: another message may have come under the same key. */
export function forgetEstablished(context: ExecutionContext): void {
  if (context.getType() !== 'http') records.delete(executionOf(context));
}

/**
 * An object that belongs to this execution and no other, and that guards and parameters see alike: `info` of a GraphQL
 * field, the data of a message. A message without data, or with plain text, has only its client.
 */
function executionOf(context: ExecutionContext): object {
  const part: unknown =
    context.getType<string>() === 'graphql' ? context.getArgByIndex(3) : context.switchToWs().getData();
  return typeof part === 'object' && part !== null ? part : requestOf(context);
}
