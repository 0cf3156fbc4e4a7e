import { describe, expect, it } from '@jest/globals';
import type { ConfiguredConnector } from '../../src/connectors/connector.registry.js';
import type { Identity } from '../../src/identities/identity.entity.js';
import { accountsOf } from '../../src/pages/home.view.js';
import type { TokenSetSummary } from '../../src/token-vault/token-vault.service.js';

const NOW = 1_800_000_000;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

const connector = (id: string, name: string, descriptor = {}) =>
  ({ instance: { id, name, target: id }, connector: { descriptor } }) as unknown as ConfiguredConnector;
const google = connector('google', 'Google');

const identityWith = (facts: Partial<Identity> = {}): Identity => ({
  id: 'i1',
  userId: 'u1',
  connectorId: 'google',
  target: 'google',
  issuer: 'https://accounts.example.test',
  subject: '42',
  name: 'Alice',
  email: 'alice@example.test',
  emailVerified: true,
  emailCanonical: 'alice@example.test',
  emailAuthoritative: false,
  username: null,
  phone: null,
  phoneVerified: false,
  details: null,
  avatar: null,
  createdAt: NOW,
  lastUsedAt: NOW,
  ...facts,
});

const summaryWith = (facts: Partial<TokenSetSummary> = {}): TokenSetSummary => ({
  id: 's1',
  connectorId: 'google',
  target: 'google',
  subject: '42',
  status: 'active',
  reason: null,
  tokenType: 'Bearer',
  scope: null,
  expiresAt: NOW + HOUR,
  hasRefreshToken: true,
  refreshTokenExpiresAt: null,
  firstStoredAt: NOW,
  obtainedAt: NOW,
  lastUsedAt: null,
  ...facts,
});

const tokensOf = (facts: Partial<TokenSetSummary>, connectors = [google]) =>
  accountsOf({ identities: [identityWith()], tokenSets: [summaryWith(facts)], connectors, now: NOW })
    .accounts[0]?.tokens;

describe('accountsOf', () => {
  it.each<[string, Partial<TokenSetSummary>, string, string, string]>([
    [
      'an active token that renews',
      {},
      'Active',
      'good',
      'The access token ends in 60 minutes, and is renewed when asked for.',
    ],
    [
      'an active token past its end',
      { expiresAt: NOW - 1 },
      'Active',
      'good',
      'The access token has ended, and is renewed when asked for.',
    ],
    [
      'an active token without an end',
      { expiresAt: null, hasRefreshToken: false },
      'Active',
      'good',
      'The access token has no end.',
    ],
    [
      'a token that only the person renews',
      { status: 'expiring', hasRefreshToken: false },
      'Ends soon',
      'warn',
      'The access token ends in 60 minutes. Only you can renew it.',
    ],
    [
      'a renewal that failed',
      { status: 'degraded' },
      'Provider has a problem',
      'warn',
      'The access token ends in 60 minutes. Renewing it failed last time and will be tried again.',
    ],
    [
      'a grant that was withdrawn',
      { status: 'reauthorization_required', reason: 'grant_invalid' },
      'Needs you again',
      'bad',
      'The provider has ended this access. Reconnect to bring it back.',
    ],
    [
      'a token that ran out for good',
      { status: 'reauthorization_required', reason: 'no_refresh_token' },
      'Needs you again',
      'bad',
      'The access token has ended, and cannot be renewed without you.',
    ],
    [
      'one that nobody has asked for since',
      { status: 'reauthorization_required', expiresAt: NOW - 1, hasRefreshToken: false },
      'Needs you again',
      'bad',
      'The access token has ended, and cannot be renewed without you.',
    ],
  ])('tells of %s', (_, facts, status, tone, sentence) =>
    expect(tokensOf(facts)).toMatchObject({ status, tone, sentence }),
  );

  it.each<[string, Partial<TokenSetSummary>, string, string | undefined]>([
    [
      'is alive is renewed while it is',
      { expiresAt: NOW + 59 * DAY },
      'The access token ends in 59 days, and is renewed when asked for before then.',
      undefined,
    ],
    [
      'has ended needs the person',
      { status: 'reauthorization_required', expiresAt: NOW - 1 },
      'The access token has ended, and cannot be renewed without you.',
      '/auth/social/google/reauthorize',
    ],
  ])('says that a token which is traded for the next and %s', (_, facts, sentence, reconnectUrl) => {
    const trading = connector('google', 'Google', { refreshesLivingAccessToken: true });
    const summary = { status: 'active', hasRefreshToken: false, ...facts } as const;
    expect(tokensOf(summary, [trading])).toMatchObject({ sentence, reconnectUrl });
  });

  it.each([
    [1, '1 minute'],
    [MINUTE + 1, '2 minutes'],
    [119 * MINUTE, '119 minutes'],
    [2 * HOUR, '2 hours'],
    [47 * HOUR + 59 * MINUTE, '47 hours'],
    [2 * DAY, '2 days'],
    [60 * DAY - 1, '60 days'],
  ])('says of %d seconds "%s"', (seconds, words) =>
    expect(tokensOf({ expiresAt: NOW + seconds })?.sentence).toContain(`ends in ${words},`),
  );

  it.each<[TokenSetSummary['status'], boolean]>([
    ['active', false],
    ['degraded', false],
    ['expiring', true],
    ['reauthorization_required', true],
  ])('in status %s, offers to reconnect: %s', (status, offered) =>
    expect(tokensOf({ status })?.reconnectUrl).toBe(offered ? '/auth/social/google/reauthorize' : undefined),
  );

  it('offers no way to reconnect through a connector that is gone', () =>
    expect(tokensOf({ status: 'reauthorization_required' }, [])).not.toHaveProperty(
      'reconnectUrl',
      expect.anything(),
    ));

  it('shortens scopes that are addresses, and shows none where the provider named none', () => {
    expect(tokensOf({ scope: 'openid https://www.googleapis.com/auth/userinfo.email' })?.scope).toEqual([
      'openid',
      'userinfo.email',
    ]);
    expect(tokensOf({ scope: 'https://mail.google.com/' })?.scope).toEqual(['https://mail.google.com/']);
    expect(tokensOf({ scope: '' })?.scope).toEqual([]);
    expect(tokensOf({ scope: null })?.scope).toEqual([]);
  });

  it('gives each of two accounts at one provider its own tokens', () => {
    const identities = [
      identityWith(),
      identityWith({ id: 'i2', subject: '43', email: 'second@example.test' }),
    ];
    const tokenSets = [
      summaryWith({ subject: '43', status: 'degraded' }),
      summaryWith({ subject: '42', status: 'active' }),
    ];
    const { accounts } = accountsOf({ identities, tokenSets, connectors: [google], now: NOW });
    expect(accounts.map(({ label, tokens }) => [label, tokens?.status])).toEqual([
      ['alice@example.test', 'Active'],
      ['second@example.test', 'Provider has a problem'],
    ]);
  });

  it.each([
    ['by its e-mail', {}, 'alice@example.test'],
    ['else by its name', { email: null }, 'Alice'],
    ['else by its id at the provider', { email: null, name: null }, '42'],
  ])('tells an account apart %s', (_, facts, label) => {
    const identities = [identityWith(facts)];
    const { accounts } = accountsOf({ identities, tokenSets: [], connectors: [google], now: NOW });
    expect(accounts).toEqual([{ provider: 'Google', target: 'google', label, tokens: undefined }]);
  });

  it('names Logto, configured connectors, and the target of one that is gone', () => {
    const identities = [
      identityWith({ connectorId: 'logto', target: 'logto' }),
      identityWith({ connectorId: 'work', target: 'google' }),
      identityWith({ connectorId: 'old', target: 'github' }),
    ];
    const connectors = [connector('work', 'Google at work')];
    const { accounts } = accountsOf({ identities, tokenSets: [], connectors, now: NOW });
    expect(accounts.map(({ provider }) => provider)).toEqual(['Logto', 'Google at work', 'github']);
  });

  it('offers to link the connectors that the user has no account of, in their order', () => {
    const connectors = [connector('b', 'B'), google, connector('a', 'A')];
    const { linkable } = accountsOf({ identities: [identityWith()], tokenSets: [], connectors, now: NOW });
    expect(linkable).toEqual([
      { id: 'b', name: 'B', target: 'b' },
      { id: 'a', name: 'A', target: 'a' },
    ]);
  });
});
