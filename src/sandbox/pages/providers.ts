/** Everybody whom the sandbox plays, by the first segment of their paths (Logto's protocol is at `/oidc`). */
export const providerNames = {
  logto: 'Logto',
  google: 'Google',
  github: 'GitHub',
  facebook: 'Facebook',
  x: 'X',
  wecom: 'WeCom',
} as const;

export type ProviderId = keyof typeof providerNames;

export const providerIds = Object.keys(providerNames) as readonly ProviderId[];

/** Whether a provider answers here; its control does not count. */
export const isProviderPath = (path: string): boolean => {
  const [, first = '', second = ''] = path.split('/');
  return (first === 'oidc' || (first !== 'logto' && first in providerNames)) && second !== 'control';
};
