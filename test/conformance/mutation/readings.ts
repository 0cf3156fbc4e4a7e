/** What an endpoint has told, where it was a JSON object with status 200. */
export type Told = (path: string) => Readonly<Record<string, unknown>> | undefined;

/** The subject of whoever may be recognised in what was told. */
export type Reading = (told: Told) => string | undefined;

export const digits = (value: unknown): string | undefined =>
  typeof value === 'string' && /^\d{1,32}$/.test(value) ? value : undefined;

export const printable = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x20-\x7e]{1,255}$/.test(value) ? value : undefined;

/** A number that JSON has not rounded. */
export const wholeNumber = (value: unknown, least = Number.MIN_SAFE_INTEGER): string | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least ? String(value) : undefined;

/** An id as text or as number; nobody has the number 0. */
export const either = (value: unknown): string | undefined => {
  if (typeof value === 'number') return value === 0 ? undefined : wholeNumber(value);
  const text = printable(value);
  return text?.trim() === text ? text : undefined;
};

export const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

/** The object that a text is, if it is one. */
export function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
