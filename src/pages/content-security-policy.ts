/** Nothing runs, nothing frames us, and forms lead to us alone. */
export const CONTENT_SECURITY_POLICY = {
  'default-src': ["'none'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'https:'],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
} as const;

/**
 * The same policy for a page that shows Google's prompt: its script, and what that reaches for.
 * https://developers.google.com/identity/gsi/web/guides/get-google-api-clientid#content_security_policy
 */
export function policyWithPrompt(scriptUrl: string): string {
  const folder = scriptUrl.replace(/[^/]*$/, '');
  return written({
    ...CONTENT_SECURITY_POLICY,
    'script-src': [scriptUrl],
    'style-src': ["'self'", `${folder}style`],
    'connect-src': [folder],
    'frame-src': [folder],
  });
}

/** The same policy for a page whose forms may lead to these origins too. */
export function policyWithForms(origins: readonly string[]): string {
  return written({ ...CONTENT_SECURITY_POLICY, 'form-action': [...new Set(["'self'", ...origins])] });
}

const written = (directives: Readonly<Record<string, readonly string[]>>): string =>
  Object.entries(directives)
    .map(([name, sources]) => [name, ...sources.filter(isPlain)].join(' '))
    .join('; ');

/** A source that could end its directive, or be several, is none. */
const isPlain = (source: string): boolean => /^[\x21-\x7e]+$/.test(source) && !/[;,]/.test(source);
