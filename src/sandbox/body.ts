/** Every body arrives as text (see `server.ts`); a request without one has none. */
export const textOf = (body: unknown): string => (typeof body === 'string' ? body : '');

/** The fields of a form. A field that comes twice counts once, the first time. */
export function formOf(body: unknown): Readonly<Record<string, string>> {
  const pairs = [...new URLSearchParams(textOf(body))];
  return Object.fromEntries(pairs.reverse());
}
