import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '../../../src/audit/audit-entry.entity.js';
import { Notifications } from '../../../src/connectors/notifications/notifications.js';
import { delivery } from '../../../src/sandbox/github/delivery.js';
import { databaseKinds } from '../../support/databases.js';
import { json } from '../../support/hostile-issuer-http.js';
import { scriptedProvider } from '../../support/scripted-provider.js';
import { startVault, type VaultStage } from '../vault-stage.js';

const CHECK = 'POST /api/applications/app/token';
const TOKEN = 'POST /login/oauth/access_token';
const LIFETIME_SECONDS = 28_800;
const SECRET = 'of the webhook';

const known = json({});
const unknown = json({}, 404);
const away = json({}, 503);
const refused = json({ error: 'bad_refresh_token' });
const answer = (name: string) =>
  json({
    access_token: name,
    refresh_token: `${name} again`,
    expires_in: LIFETIME_SECONDS,
    token_type: 'bearer',
  });
const gone = { code: 'reauthorization_required', data: { reason: 'grant_invalid' } };

/** GitHub says of somebody that it is over, and neither when nor which time: anybody may send it again who has caught it. */
describe.each(databaseKinds)('token sets that may be over, on %s', (kind) => {
  const provider = scriptedProvider({ [CHECK]: known });
  let stage: VaultStage;
  let userId: string;
  let subjects = 40172365;

  beforeAll(async () => {
    const { origin: endpoint } = provider;
    const config = { clientId: 'app', clientSecret: 's', webhookSecret: SECRET, endpoint };
    const github = {
      id: 'github',
      connectorId: 'github-universal',
      enableTokenStorage: true,
      privateHosts: [new URL(endpoint).host],
      config: { ...config, apiEndpoint: `${endpoint}/api` },
    };
    stage = await startVault({ kind, instances: [github] });
  });
  afterAll(() => stage.close());
  beforeEach(() => {
    subjects += 1;
    userId = `user-${subjects}`;
  });

  const grant = (granted: object = {}) => {
    const owner = { userId, connectorId: 'github', target: 'github', subject: String(subjects) };
    return stage.grant(owner, { accessToken: 'held', ...granted });
  };
  /** As a GitHub App gets them that lets its tokens expire. */
  const grantPair = () => grant({ refreshToken: 'held again', expiresIn: LIFETIME_SECONDS });

  const notice = () => {
    const payload = { action: 'revoked', sender: { id: subjects } };
    const { headers, body } = delivery({ personaId: 'alice', secret: SECRET, payload });
    const message = { kind: 'event', headers, body: Buffer.from(body) } as const;
    return stage.get(Notifications).accept('github', message);
  };

  const read = async () => (await stage.vault.read(userId, 'github')).accessToken.reveal();
  const told = () =>
    stage.dataSource.manager.countBy(AuditEntry, { event: 'provider.grant_revoked', userId });

  it.each([
    ['of an OAuth App', () => grant()],
    ['of a GitHub App', grantPair],
  ])('are kept as long as the provider takes them, and nothing of them is used up: %s', async (_, given) => {
    await given();
    for (let copy = 0; copy < 3; copy += 1) await notice();
    expect(await read()).toBe('held');
    expect([provider.requestsTo(CHECK).length, provider.requestsTo(TOKEN).length]).toEqual([3, 0]);
    expect(await told()).toBe(0);
  });

  it.each([
    ['of an OAuth App', () => grant()],
    ['of a GitHub App', grantPair],
  ])('are over before the provider is answered, where it takes them no more: %s', async (_, given) => {
    await given();
    provider.script({ [CHECK]: unknown, [TOKEN]: refused });
    await notice();
    expect(await stage.row(userId)).toMatchObject({ state: 'reauthorization_required' });
    await expect(read()).rejects.toMatchObject(gone);
    expect(await told()).toBe(1);
  });

  it('are renewed where merely the access token is over', async () => {
    await grantPair();
    provider.script({
      [CHECK]: ({ body }) => (body.includes('held') ? unknown : known),
      [TOKEN]: answer('new'),
    });
    await notice();
    expect(await read()).toBe('new');
    expect(await told()).toBe(0);
  });

  it('are over too where a refresh is under way that was granted before', async () => {
    await grantPair();
    let grantNow: () => void = () => undefined;
    const granted = new Promise<void>((resolve) => (grantNow = resolve));
    const begun = new Promise<void>((resolve) => {
      provider.script({
        [TOKEN]: async () => {
          resolve();
          await granted;
          provider.script({ [TOKEN]: refused });
          return answer('new');
        },
      });
    });
    stage.clock.advance(LIFETIME_SECONDS / 2);
    const reading = stage.vault.read(userId, 'github', { minTtlSeconds: LIFETIME_SECONDS });
    await begun;
    provider.script({
      [CHECK]: () => {
        grantNow();
        return unknown;
      },
    });
    await notice();
    expect((await reading).accessToken.reveal()).toBe('new');
    await expect(read()).rejects.toMatchObject(gone);
  });

  it('are validated by the next reader, where the provider is away', async () => {
    await grant();
    provider.script({ [CHECK]: away });
    await notice();
    provider.script({ [CHECK]: unknown });
    await expect(read()).rejects.toMatchObject(gone);
  });

  it('are due for renewal, where the provider is away, and good until then', async () => {
    await grantPair();
    provider.script({ [CHECK]: away });
    await notice();
    expect(await read()).toBe('held');
    expect((await stage.row(userId)).renewAt).toBeLessThanOrEqual(stage.clock.now());
  });
});
