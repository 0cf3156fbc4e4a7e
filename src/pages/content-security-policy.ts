/** Nothing runs, nothing frames us, and forms lead to us alone. */
export const CONTENT_SECURITY_POLICY = {
  'default-src': ["'none'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'https:'],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
} as const;

/** The same policy for a page whose forms may lead to these origins too. */
export function policyWithForms(origins: readonly string[]): string {
  const directives = { ...CONTENT_SECURITY_POLICY, 'form-action': [...new Set(["'self'", ...origins])] };
  return Object.entries(directives)
    .map(([name, sources]) => [name, ...sources].join(' '))
    .join('; ');
}
