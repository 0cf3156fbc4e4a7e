/** Whoever enters an app lets it see this much; everything else can be unticked. */
export const BASIC_PERMISSION = 'public_profile';

/** Separated by comma or space, and the basic one is always among them. */
export const parsePermissions = (scope: string): string[] => [
  ...new Set([BASIC_PERMISSION, ...scope.split(/[\s,]+/).filter(Boolean)]),
];

export const isPermission = (name: string): boolean => /^[a-z][a-z_]*$/.test(name);

const descriptions: Readonly<Record<string, string>> = {
  public_profile: 'See your name and profile picture',
  email: 'See your e-mail address',
  user_friends: 'See which friends use it, too',
  user_birthday: 'See your birthday',
};

/** What a permission means to a person. */
export const describePermission = (name: string): string =>
  descriptions[name] ?? `Use “${name}” on your behalf`;
