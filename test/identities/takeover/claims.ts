import { TOKEN, type Account } from './providers.js';

/**
 * What the word of a provider on an address is worth: it makes the person its owner, it says no more than that they
 * call it theirs, or there is no word at all.
 */
export type Worth = 'believed' | 'doubted' | 'none';

/** One way in which a provider speaks of an address. */
export interface Claim {
  readonly connector: string;
  readonly says: string;
  readonly worth: Worth;
  readonly account: (email: string) => Account;
}

type Tell = (email: string) => object;

const claims = (
  connector: string,
  account: (facts: object, email: string) => Account,
  ways: readonly (readonly [says: string, worth: Worth, tell: Tell])[],
): Claim[] =>
  ways.map(([says, worth, tell]) => ({
    connector,
    says,
    worth,
    account: (email) => account(tell(email), email),
  }));

const verified = (value: unknown) => (email: string) => ({ email, email_verified: value });
const nothing: Tell = () => ({});

const entry =
  (primary: unknown, isVerified: unknown): Tell =>
  (email) => [{ email, primary, verified: isVerified, visibility: null }];

const github = (emails: object, email: string): Account => ({
  answers: {
    '/login/oauth/access_token': TOKEN,
    '/user': { id: 583231, login: 'octocat', email },
    '/user/emails': emails,
  },
});

const facebook = (facts: object): Account => ({
  answers: {
    '/v24.0/oauth/access_token': TOKEN,
    '/v24.0/debug_token': { data: { app_id: '4815162342', is_valid: true, expires_at: 0 } },
    '/v24.0/me': { id: '10158213456789012', name: 'Mallory', ...facts },
  },
});

const x = (facts: object): Account => ({
  answers: {
    '/2/oauth2/token': { ...TOKEN, scope: 'users.read users.email tweet.read' },
    '/2/users/me': { data: { id: '2244994945', name: 'Mallory', username: 'mallory', ...facts } },
  },
});

const wecom = (facts: object): Account => ({
  answers: {
    '/cgi-bin/gettoken': { errcode: 0, access_token: 'application', expires_in: 7200 },
    '/cgi-bin/auth/getuserinfo': { errcode: 0, userid: 'mallory', user_ticket: 'ticket' },
    '/cgi-bin/user/get': { errcode: 0, userid: 'mallory', name: 'Mallory' },
    '/cgi-bin/auth/getuserdetail': { errcode: 0, userid: 'mallory', ...facts },
  },
});

const openId = (facts: object): Account => ({ answers: {}, claims: { sub: 'mallory', ...facts } });

const oauth2 = (facts: object): Account => ({
  answers: { '/token': TOKEN, '/profile': { id: 'mallory', ...facts } },
});

/**
 * Every connector with every state of an address there. Where the word is said as text, the own connectors count it as
 * not said; the generic ones take `true` for what it says, and no other text.
 */
export const allClaims: readonly Claim[] = [
  ...claims('github', github, [
    ['primary and verified', 'believed', entry(true, true)],
    ['primary and not verified', 'none', entry(true, false)],
    ['verified and not primary', 'none', entry(false, true)],
    ['verified as text', 'none', entry(true, 'true')],
    ['in the profile alone', 'none', () => []],
  ]),
  ...claims('google', openId, [
    ['verified, of a Workspace domain', 'believed', (email) => ({ ...verified(true)(email), hd: 'a.test' })],
    ['verified, of another domain', 'doubted', verified(true)],
    ['not verified', 'doubted', (email) => ({ ...verified(false)(email), hd: 'a.test' })],
    ['verified as text', 'doubted', (email) => ({ ...verified('true')(email), hd: 'a.test' })],
    ['without a word', 'doubted', (email) => ({ email, hd: 'a.test' })],
    ['absent', 'none', () => ({ email_verified: true, hd: 'a.test' })],
  ]),
  ...claims('facebook', facebook, [
    ['without a word', 'doubted', (email) => ({ email })],
    [
      'verified, which is not documented',
      'doubted',
      (email) => ({ email, verified: true, email_verified: true }),
    ],
    ['verified as text', 'doubted', (email) => ({ email, verified: 'true' })],
    ['absent', 'none', nothing],
  ]),
  ...claims('x', x, [
    ['confirmed', 'doubted', (email) => ({ confirmed_email: email })],
    ['confirmed, with a word', 'doubted', (email) => ({ confirmed_email: email, verified: 'true' })],
    ['not confirmed', 'none', (email) => ({ email, verified: true })],
    ['absent', 'none', nothing],
  ]),
  ...claims('wecom', wecom, [
    ['without a word', 'doubted', (email) => ({ email })],
    ['of the company', 'doubted', (email) => ({ biz_mail: email, email_verified: true })],
    ['verified as text', 'doubted', verified('true')],
    ['absent', 'none', nothing],
  ]),
  ...claims('oidc', openId, trusted()),
  ...claims('oauth2', oauth2, trusted()),
  ...claims('oidc-untrusted', openId, untrusted()),
  ...claims('oauth2-untrusted', oauth2, untrusted()),
  ...claims('gitlab', openId, untrusted()),
  ...claims('logto', openId, untrusted()),
];

function trusted(): [string, Worth, Tell][] {
  return [
    ['verified', 'believed', verified(true)],
    ['verified as text', 'believed', verified('true')],
    ['not verified', 'doubted', verified(false)],
    ['not verified as text', 'doubted', verified('false')],
    ['verified as a number', 'doubted', verified(1)],
    ['without a word', 'doubted', (email) => ({ email })],
    ['absent', 'none', () => ({ email_verified: true })],
  ];
}

function untrusted(): [string, Worth, Tell][] {
  return [
    ['verified', 'doubted', verified(true)],
    ['verified as text', 'doubted', verified('true')],
    ['not verified', 'doubted', verified(false)],
    ['absent', 'none', () => ({ email_verified: true })],
  ];
}
