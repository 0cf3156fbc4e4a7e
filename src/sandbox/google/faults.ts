import type { KnownFault } from '../dialect.js';

const refusal = (label: string, body: Readonly<Record<string, string>>): KnownFault => ({
  label,
  fault: { path: '/google/token', status: 400, body: JSON.stringify(body) },
});

/** https://developers.google.com/identity/protocols/oauth2#expiration */
export const googleFaults: readonly KnownFault[] = [
  refusal('Token: an administrator restricts the service', {
    error: 'admin_policy_enforced',
    error_description: 'Access to your account data is restricted by policies within your organization.',
  }),
  refusal('Token: the session of a company account has to be renewed', {
    error: 'invalid_grant',
    error_description: 'reauth related error (invalid_rapt)',
    error_subtype: 'invalid_rapt',
  }),
];
