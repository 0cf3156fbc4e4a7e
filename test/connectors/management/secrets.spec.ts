import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { movesElsewhere } from '../../../src/connectors/instances/connector-config.js';
import { ConnectorRegistry } from '../../../src/connectors/connector.registry.js';
import { platforms } from '../../support/backend.js';
import { openManagement, verdictOf, type ManagementStage } from './stage.js';

const config = {
  clientId: 'an id',
  clientSecret: 'the first secret',
  endpoint: 'https://github.example.com',
  scope: 'read:user',
};
const { clientSecret: _, ...open } = config;

describe.each(platforms)('the secret of a connector on %s', (platform) => {
  let stage: ManagementStage;
  let id: string;

  beforeAll(async () => {
    stage = await openManagement({ platform });
    const created = await stage.ask('POST', 'connectors', { connectorId: 'github-universal', config });
    id = String(created.body['id']);
  });

  afterAll(() => stage.close());

  const patch = async (changed: object) =>
    verdictOf(await stage.ask('PATCH', `connectors/${id}`, { config: changed }));
  const configNow = async () => (await stage.backend.get(ConnectorRegistry).get(id)).instance.config;

  it('stays as it was where a changed configuration leaves it out', async () => {
    expect(await patch({ ...open, scope: 'user:email', clientId: 'another id' })).toBe('200');
    expect(await configNow()).toMatchObject({ clientSecret: 'the first secret', scope: 'user:email' });
    expect(await patch(open)).toBe('200');
  });

  it.each<[string, object]>([
    ['another endpoint', { endpoint: 'https://evil.example.com' }],
    ['the same host at another port', { endpoint: 'https://github.example.com:8443' }],
    ['no endpoint any more', { endpoint: undefined }],
    ['one more endpoint', { apiEndpoint: 'https://evil.example.com' }],
  ])('is needed once more for %s (MA-09)', async (_name, change) => {
    const answer = await stage.ask('PATCH', `connectors/${id}`, { config: { ...open, ...change } });
    expect([verdictOf(answer), answer.body['data']]).toEqual([
      '422 connector.secret_required',
      { fields: ['clientSecret'] },
    ]);
    expect(
      verdictOf(await stage.ask('POST', `connectors/${id}/test`, { config: { ...open, ...change } })),
    ).toBe('422 connector.secret_required');
    expect(await configNow()).toMatchObject({ endpoint: config.endpoint, clientSecret: 'the first secret' });
  });

  it('goes to another address when it is sent with it', async () => {
    const elsewhere = { ...config, endpoint: 'https://git.example.com', clientSecret: 'the second secret' };
    expect(await patch(elsewhere)).toBe('200');
    expect(await configNow()).toMatchObject(elsewhere);
  });

  it.each<[string, string]>([
    ['a machine of its own', 'https://127.0.0.1/login'],
    ['a private network', 'https://10.1.2.3'],
    ['the metadata of a cloud', 'https://169.254.169.254'],
    ['the loopback of IPv6', 'https://[::1]'],
    ['a name that is always local', 'https://localhost'],
    ['plain http', 'http://github.example.com'],
    ['a database', 'https://github.example.com:5432'],
  ])('is not sent to %s: such an address is refused (SF-01, SF-07)', async (_name, endpoint) => {
    expect(await patch({ ...config, endpoint })).toBe('422 connector.address_forbidden');
    const body = { connectorId: 'github-universal', config: { ...config, endpoint } };
    expect(verdictOf(await stage.ask('POST', 'connectors', body))).toBe('422 connector.address_forbidden');
  });

  it('is sent to a private address that was allowed beforehand (SF-08)', async () => {
    expect(await patch({ ...config, endpoint: stage.sandbox.github.endpoint })).toBe('200');
    const { privateHosts } = (await stage.backend.get(ConnectorRegistry).get(id)).instance;
    expect([...privateHosts]).toEqual([new URL(stage.sandbox.url).host]);
  });
});

describe('a configuration leads elsewhere', () => {
  it.each<[string, object, object, boolean]>([
    ['by nothing', { endpoint: 'https://a.test' }, { endpoint: 'https://a.test' }, false],
    ['not by its scope', { scope: 'email' }, { scope: 'https://www.googleapis.com/auth/calendar' }, false],
    ['not by a scope with colons', { scope: 'read:user' }, { scope: 'user:email' }, false],
    ['not by its client', { clientId: 'one' }, { clientId: 'two' }, false],
    ['not by a version', { graphVersion: 'v23.0' }, { graphVersion: 'v24.0' }, false],
    [
      'not by where a profile has its parts',
      { profileMap: { email: 'user.email' } },
      { profileMap: { email: 'account.email' } },
      false,
    ],
    ['by a sub-domain within', { custom: { domain: 'acme' } }, { custom: { domain: 'evil' } }, true],
    ['not by a switch', { offlineAccess: true }, { offlineAccess: false }, false],
    ['by a URL', { other: 'https://a.test' }, { other: 'https://b.test' }, true],
    ['by a URL of another scheme', { other: 'one' }, { other: 'gopher://b.test' }, true],
    ['by a URL that is gone', { other: 'https://a.test' }, {}, true],
    ['by a host', { other: 'a.example.com' }, { other: 'b.example.com' }, true],
    ['by a host with a port', { other: 'one' }, { other: 'localhost:8080' }, true],
    ['by an address', { other: 'one' }, { other: '10.0.0.1' }, true],
    ['by a part of a host', { tenant: 'acme' }, { tenant: 'evil.com#' }, true],
    ['by a sub-domain', { subdomain: 'acme' }, { subdomain: 'evil' }, true],
    ['by a URL within', { pages: { one: ['https://a.test'] } }, { pages: { one: ['https://b.test'] } }, true],
  ])('%s (MA-09)', (_name, former, next, expected) => {
    expect(movesElsewhere({ ...former }, { ...next })).toBe(expected);
  });
});
