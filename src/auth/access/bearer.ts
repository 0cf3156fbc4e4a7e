import type { IncomingHttpHeaders } from 'node:http';
import { LatchkeyError } from '../../common/errors.js';

/** More than any token of Logto's has. */
const LONGEST = 8192;

export const isBearer = ({ authorization = '' }: IncomingHttpHeaders): boolean =>
  /^bearer /i.test(authorization);

/** What an `Authorization: Bearer` header holds (RFC 6750 2.1), nothing where there is no such header. */
export function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers;
  if (authorization === undefined) return undefined;
  if (isBearer(headers)) return authorization.slice('bearer '.length).trim();
  throw new LatchkeyError(
    'auth.authorization_token_type_not_supported',
    'The Authorization header has to hold a bearer token.',
    { challenge: 'Bearer' },
  );
}

/** Whether it can be a token at all. */
export const isToken = (text: string): boolean => text.length <= LONGEST && /^[\w~+/.-]+=*$/.test(text);

export const missingToken = (): LatchkeyError =>
  new LatchkeyError('auth.authorization_header_missing', 'An access token is required.', {
    challenge: 'Bearer',
  });

export const invalidToken = (cause?: unknown): LatchkeyError =>
  new LatchkeyError('auth.access_token_invalid', 'The access token is not valid.', {
    challenge: 'Bearer error="invalid_token", error_description="The access token is not valid."',
    cause,
  });

/** Who is known, but may not. `scope` is what would be needed. */
export const insufficient = (message: string, scope: readonly string[] = []): LatchkeyError =>
  new LatchkeyError('auth.forbidden', message, {
    challenge: `Bearer error="insufficient_scope"${scope.length > 0 ? `, scope="${scope.join(' ')}"` : ''}`,
  });
