import type { Persona } from '../personas.js';
import { hasScope } from './scopes.js';

/** What Google tells about a person under these scopes, in ID tokens and at userinfo alike. */
export function googleClaims(persona: Persona, scopes: readonly string[]): Record<string, string | boolean> {
  return {
    sub: persona.googleSubject,
    ...(hasScope(scopes, 'email') && emailClaims(persona)),
    ...(hasScope(scopes, 'profile') && profileClaims(persona)),
  };
}

const emailClaims = ({ email, emailVerified = false, hostedDomain }: Persona) => ({
  ...(email !== undefined && { email, email_verified: emailVerified }),
  ...(hostedDomain !== undefined && { hd: hostedDomain }),
});

const profileClaims = ({ name, givenName, familyName, picture }: Persona) => ({
  name,
  given_name: givenName,
  ...(familyName !== undefined && { family_name: familyName }),
  ...(picture !== undefined && { picture }),
});
