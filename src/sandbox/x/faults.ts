import type { KnownFault } from '../dialect.js';

/** What the API says of an account that is there no more: status 200 all the same. */
export const xFaults: readonly KnownFault[] = [
  {
    label: 'API: errors and no data with status 200',
    fault: {
      path: '/x/api/2/users/me',
      status: 200,
      body: JSON.stringify({
        errors: [
          {
            title: 'Forbidden',
            detail: 'User has been suspended.',
            resource_type: 'user',
            type: 'https://api.twitter.com/2/problems/resource-not-found',
          },
        ],
      }),
    },
  },
];
