import type { KnownFault } from '../dialect.js';

const errorBody = (code: number, message: string): string =>
  JSON.stringify({ error: { message, type: 'OAuthException', code, fbtrace_id: 'AbCdEfGhIjKlMnOpQrStUvW' } });

/** https://developers.facebook.com/docs/graph-api/guides/error-handling: they pass, and the token is fine. */
export const facebookFaults: readonly KnownFault[] = [
  {
    label: 'Temporarily away at the exchange (code 2)',
    fault: {
      path: '/facebook/graph/*/oauth/access_token',
      status: 500,
      body: errorBody(2, 'Service temporarily unavailable'),
      times: 1,
    },
  },
  {
    label: 'Too many calls of the app (code 4)',
    fault: {
      path: '/facebook/graph/*/me',
      status: 403,
      body: errorBody(4, '(#4) Application request limit reached'),
      times: 1,
    },
  },
];
