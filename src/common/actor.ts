import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { establishedOf } from './established.js';

/** Who makes the request, as the audit log names them: a person by their id with us, a program by its client at Logto. */
export function actorOf(context: ExecutionContext): string | null {
  const { user, accessToken } = establishedOf(context);
  const { clientId } = (accessToken ?? {}) as { readonly clientId?: string };
  return user?.id ?? (clientId === undefined ? null : `client:${clientId}`);
}

/** The same for a handler; null where the application's own guard has let somebody in and named nobody. */
export const Actor = createParamDecorator((_: unknown, context: ExecutionContext) => actorOf(context));
