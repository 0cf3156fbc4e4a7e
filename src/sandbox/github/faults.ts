import type { KnownFault } from '../dialect.js';
import { GitHubError } from './github.error.js';

/** Errors of the token endpoint that nobody brings about here, and the secondary rate limit. */
export const githubFaults: readonly KnownFault[] = [
  {
    label: 'Token: the primary e-mail address is not verified',
    fault: {
      path: '/github/login/oauth/access_token',
      status: 200,
      body: JSON.stringify(new GitHubError('unverified_user_email').body),
    },
  },
  {
    label: 'API: secondary rate limit',
    fault: {
      path: '/github/api/user',
      status: 403,
      headers: { 'retry-after': '60', 'x-ratelimit-remaining': '0' },
      body: JSON.stringify({
        message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
        documentation_url:
          'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits',
        status: '403',
      }),
    },
  },
];
