/** What a broad scope includes: GitHub leaves out of an answer what another one of it covers. */
const included: Readonly<Record<string, readonly string[]>> = {
  user: ['read:user', 'user:email', 'user:follow'],
  repo: ['repo:status', 'repo_deployment', 'public_repo', 'repo:invite', 'security_events'],
};

/** Separated by spaces as documented, or by commas as in GitHub's own answers. */
export const parseScope = (scope: string): readonly string[] =>
  normalized(scope.split(/[\s,]+/).filter(Boolean));

/** https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps#normalized-scopes */
export function normalized(scopes: readonly string[]): readonly string[] {
  const covered = scopes.flatMap((scope) => included[scope] ?? []);
  return [...new Set(scopes)].filter((scope) => !covered.includes(scope));
}

export const hasScope = (scopes: readonly string[], name: string): boolean =>
  scopes.some((scope) => scope === name || included[scope]?.includes(name) === true);

const descriptions: Readonly<Record<string, string>> = {
  user: 'Read and change your profile',
  'read:user': 'Read your profile',
  'user:email': 'See your e-mail addresses',
  repo: 'Use all your repositories',
  gist: 'Create gists',
};

export const describeScope = (scope: string): string =>
  descriptions[scope] ?? `Use “${scope}” on your behalf`;
