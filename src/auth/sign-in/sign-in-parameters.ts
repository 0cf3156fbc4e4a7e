import { z } from 'zod';
import { LatchkeyError } from '../../common/errors.js';

const words = (word: string): RegExp => new RegExp(`^${word}( ${word})*$`);

/** Logto's own parameters of the authorization request, and their values (`packages/schemas/src/consts/oidc.ts`). */
const ofLogto = z
  .object({
    first_screen: z.enum([
      'sign_in',
      'register',
      'reset_password',
      'identifier:sign_in',
      'identifier:register',
      'single_sign_on',
    ]),
    interaction_mode: z.enum(['signIn', 'signUp']),
    identifier: z.string().regex(words('(username|email|phone)')),
    direct_sign_in: z.string().regex(/^(social|sso):[\w.-]{1,128}$/),
    ui_locales: z.string().max(256).regex(words('[A-Za-z0-9-]+')),
    organization_id: z.string().regex(/^[\w-]{1,128}$/),
  })
  .partial();

/** What the relying party says itself, and nobody for it. */
const OURS = new Set(
  'client_id redirect_uri response_type response_mode scope state nonce code_challenge code_challenge_method resource claims request request_uri'.split(
    ' ',
  ),
);

/**
 * What a link to the sign-in may tell Logto: its own parameters, and those that the application allows by name.
 * Others are ignored; a value that Logto does not know is refused with `auth.parameter_invalid`.
 */
export function signInParameters(
  query: URLSearchParams,
  allowed: readonly string[] = [],
): Record<string, string> {
  const given = Object.fromEntries(query);
  const { success, data, error } = ofLogto.safeParse(given);
  if (!success) {
    const names = error.issues.map(({ path }) => path.join('.')).join(', ');
    throw new LatchkeyError('auth.parameter_invalid', `Not a value that Logto knows: ${names}.`);
  }
  const { interaction_mode: deprecated, ...parameters } = data;
  const mode = parameters.first_screen ? undefined : deprecated;
  const further = allowed.filter((name) => !OURS.has(name)).map((name) => [name, given[name]] as const);
  const all = [...further, ['interaction_mode', mode] as const, ...Object.entries(parameters)];
  return Object.fromEntries(all.filter((entry): entry is [string, string] => Boolean(entry[1])));
}
