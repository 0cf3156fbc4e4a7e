const canonical: Readonly<Record<string, string>> = {
  email: 'https://www.googleapis.com/auth/userinfo.email',
  profile: 'https://www.googleapis.com/auth/userinfo.profile',
};

/** A scope as Google writes it in its answers, whatever the client wrote. */
export const asGoogleSpells = (scope: string): string => canonical[scope] ?? scope;

/** The wire form of a scope, in Google's spelling, without repetition. */
export const parseScope = (scope: string): string[] => [
  ...new Set(scope.split(' ').filter(Boolean).map(asGoogleSpells)),
];

export const hasScope = (scopes: readonly string[], name: string): boolean =>
  scopes.includes(asGoogleSpells(name));

const descriptions: Readonly<Record<string, string>> = {
  openid: 'Associate you with your account',
  'https://www.googleapis.com/auth/userinfo.email': 'See your primary e-mail address',
  'https://www.googleapis.com/auth/userinfo.profile': 'See your name and picture',
};

/** What a scope means to a person. */
export const describeScope = (scope: string): string =>
  descriptions[scope] ?? `Use “${shortScope(scope)}” on your behalf`;

/** A scope without the address that most of them share. */
export const shortScope = (scope: string): string => scope.replace('https://www.googleapis.com/auth/', '');

const required: readonly string[] = ['openid', asGoogleSpells('profile')];

/** Whether a person may leave it out and allow the rest. */
export const isOptionalScope = (scope: string): boolean => !required.includes(scope);

/** Whether it tells who somebody is, and no more. */
export const isSignInScope = (scope: string): boolean =>
  required.includes(scope) || scope === asGoogleSpells('email');
