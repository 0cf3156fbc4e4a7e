import { avatarUrl, type Persona } from '../personas.js';

/** The id stays, the login may be changed and then be somebody else's. */
export const profileOf = (persona: Persona) => ({
  login: persona.githubLogin,
  id: persona.githubId,
  node_id: Buffer.from(`04:User${persona.githubId}`).toString('base64'),
  avatar_url: avatarUrl(persona),
  html_url: `https://github.com/${persona.githubLogin}`,
  type: 'User',
  site_admin: false,
  name: persona.githubNameIsEmpty === true ? null : persona.name,
  company: null,
  email: persona.githubEmailIsPublic === true ? (persona.email ?? null) : null,
  created_at: '2026-01-01T00:00:00Z',
});

interface Email {
  readonly email: string;
  readonly primary: boolean;
  readonly verified: boolean;
  readonly visibility: 'public' | 'private' | null;
}

/** The visibility is told of the primary address alone. */
export function emailsOf({
  email,
  emailVerified = false,
  secondEmail,
  ...persona
}: Persona): readonly Email[] {
  const visibility = persona.githubEmailIsPublic === true ? 'public' : 'private';
  const first =
    email === undefined ? [] : [{ email, primary: true, verified: emailVerified, visibility } as const];
  const second =
    secondEmail === undefined
      ? []
      : [{ email: secondEmail, primary: false, verified: true, visibility: null }];
  return [...first, ...second];
}
