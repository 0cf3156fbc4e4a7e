import { avatarUrl, type Persona } from '../personas.js';

const always = ['id', 'name', 'username'] as const;
const further = ['confirmed_email', 'created_at', 'profile_image_url', 'verified'] as const;

export const userFields: readonly string[] = [...always, ...further];

export const isUserField = (field: string): boolean => userFields.includes(field);

/** The fields that were asked for; the address only under its scope, and only one that the person confirmed. */
export function fieldsOf(
  persona: Persona,
  scopes: readonly string[],
  asked: readonly string[],
): Readonly<Record<string, unknown>> {
  const seesEmail = scopes.includes('users.email') && persona.emailVerified === true;
  const values: Record<(typeof always)[number] | (typeof further)[number], unknown> = {
    id: persona.xId,
    name: persona.name,
    username: persona.xHandle,
    confirmed_email: seesEmail ? persona.email : undefined,
    created_at: '2026-01-01T00:00:00.000Z',
    profile_image_url: avatarUrl(persona),
    verified: false,
  };
  const shown = Object.entries(values).filter(
    ([field, value]) => value !== undefined && ([...always, ...asked] as readonly string[]).includes(field),
  );
  return Object.fromEntries(shown);
}
