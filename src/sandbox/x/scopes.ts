/** The wire form of a scope, without repetition. */
export const parseScope = (scope: string): readonly string[] => [
  ...new Set(scope.split(' ').filter(Boolean)),
];

/** What a person may leave out and allow the rest. */
export const isOptionalScope = (scope: string): boolean => ['users.email', 'offline.access'].includes(scope);

const descriptions: Readonly<Record<string, string>> = {
  'tweet.read': 'See posts that you can see',
  'users.read': 'See your profile',
  'users.email': 'See your e-mail address',
  'offline.access': 'Stay connected until you revoke it',
};

export const describeScope = (scope: string): string =>
  descriptions[scope] ?? `Use “${scope}” on your behalf`;
