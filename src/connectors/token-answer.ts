/** An answer of a token endpoint before anybody has judged it. */
export interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * The answer as JSON in the form of RFC 6749 5, so that a protocol library can judge it: decoded from JSON or from a
 * form, an error with the status of one, repaired, numbers as numbers, without members that are empty. What cannot be
 * decoded, and what a server in trouble says, is handed on as it is.
 */
export async function readable(
  response: Response,
  repair: (answer: TokenAnswer) => TokenAnswer,
): Promise<Response> {
  const text = await response.text();
  const decoded = response.status < 500 ? decode(text) : undefined;
  if (!decoded) return new Response(text, { status: response.status, headers: response.headers });
  const { status, body } = repair(honest({ status: response.status, body: decoded }));
  const headers = new Headers(response.headers);
  headers.set('content-type', 'application/json');
  headers.delete('content-length');
  return new Response(JSON.stringify(tidy(body)), { status, headers });
}

/** The error of RFC 6749 5.2 that the provider means; its own code stays beside it. */
export const refusal = (
  body: TokenAnswer['body'],
  error: string,
  ownCode: string = String(body['error']),
): TokenAnswer => ({ status: 400, body: { ...body, error, [OWN_CODE]: ownCode } });

/** Member of a repaired answer that keeps the provider's own code. */
export const OWN_CODE = 'latchkey_provider_code';

/** Some say with status 200 that they refuse. */
const honest = ({ status, body }: TokenAnswer): TokenAnswer => ({
  status: status < 300 && body['error'] !== undefined && !body['access_token'] ? 400 : status,
  body,
});

function decode(text: string): Record<string, unknown> | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return decodeJson(trimmed);
  return /^(access_token|error)=|&(access_token|error)=/.test(trimmed) && !/\s/.test(trimmed)
    ? Object.fromEntries(new URLSearchParams(trimmed))
    : undefined;
}

function decodeJson(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

const OPTIONAL = ['refresh_token', 'expires_in', 'refresh_token_expires_in', 'scope', 'error_description'];

/** An ID token that nobody verifies has no business here. */
function tidy({ id_token: _, ...body }: TokenAnswer['body']): Record<string, unknown> {
  const entries = Object.entries(body).filter(
    ([name, value]) => !OPTIONAL.includes(name) || (value !== null && value !== ''),
  );
  return Object.fromEntries(entries.map(([name, value]) => [name, tidyValue(name, value)]));
}

function tidyValue(name: string, value: unknown): unknown {
  if (name.endsWith('expires_in') && typeof value === 'string' && /^\d{1,12}$/.test(value))
    return Number(value);
  if (name === 'scope' && Array.isArray(value)) return value.join(' ');
  return value;
}
