import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Secret } from '../../../src/common/secret.js';
import { ApplicationToken } from '../../../src/connectors/application-tokens/application-token.entity.js';
import { ApplicationTokens } from '../../../src/connectors/application-tokens/application-tokens.js';
import { ConnectorInstances } from '../../../src/connectors/instances/connector-instances.js';
import { TokenVaultService } from '../../../src/token-vault/token-vault.service.js';
import { databaseKinds } from '../../support/databases.js';
import { openManagement, verdictOf, type ManagementStage } from './stage.js';

const config = { clientId: 'an id', clientSecret: 'a secret' };

describe.each(databaseKinds)('the token storage of a connector on %s', (database) => {
  let stage: ManagementStage;
  let vault: TokenVaultService;

  beforeAll(async () => {
    stage = await openManagement({ database });
    vault = stage.backend.get(TokenVaultService);
  });

  afterAll(() => stage.close());

  const create = (id: string, connectorId = 'github-universal') =>
    stage.ask('POST', 'connectors', {
      id,
      connectorId,
      config: connectorId === 'wecom-universal' ? { corpId: 'a', appSecret: 'b', agentId: 'c' } : config,
      enableTokenStorage: true,
    });

  const keep = (connectorId: string) =>
    stage.backend.dataSource.transaction((manager) =>
      vault.store(
        manager,
        { userId: 'somebody', connectorId, target: connectorId, subject: '1' },
        { accessToken: new Secret('a token'), tokenType: 'Bearer' },
      ),
    );
  const kept = async () => (await vault.list('somebody')).map(({ connectorId }) => connectorId).sort();

  it('is refused where the provider grants no tokens', async () => {
    expect(verdictOf(await create('wecom', 'wecom-universal'))).toBe(
      '422 connector.token_storage_not_supported',
    );
    const body = {
      connectorId: 'wecom-universal',
      config: { corpId: 'a', appSecret: 'b', agentId: 'c' },
      id: 'wecom',
    };
    expect((await stage.ask('POST', 'connectors', body)).body['configuredSecrets']).toEqual(['appSecret']);
    expect(verdictOf(await stage.ask('PATCH', 'connectors/wecom', { enableTokenStorage: true }))).toBe(
      '422 connector.token_storage_not_supported',
    );
  });

  it('takes its tokens along when it is switched off, and nobody else’s', async () => {
    for (const id of ['one', 'two']) {
      await create(id);
      await keep(id);
    }
    expect(await kept()).toEqual(['one', 'two']);
    await stage.ask('PATCH', 'connectors/one', { syncProfile: true });
    expect(await kept()).toEqual(['one', 'two']);
    expect((await stage.ask('PATCH', 'connectors/one', { enableTokenStorage: false })).status).toBe(200);
    expect(await kept()).toEqual(['two']);
  });

  it('takes its tokens along when the connector is deleted', async () => {
    await keep('one');
    expect((await stage.ask('DELETE', 'connectors/two')).status).toBe(204);
    expect(await kept()).toEqual(['one']);
  });

  it('takes its tokens along when it leads to another place, whoever knows the secret there (MA-09)', async () => {
    await create('moving');
    await keep('moving');
    const same = { config: { ...config, scope: 'repo' } };
    expect((await stage.ask('PATCH', 'connectors/moving', same)).status).toBe(200);
    expect(await kept()).toEqual(['moving', 'one']);
    const moved = {
      config: { clientId: 'an id', clientSecret: 'made up', endpoint: 'https://elsewhere.example.com' },
    };
    expect((await stage.ask('PATCH', 'connectors/moving', moved)).status).toBe(200);
    expect(await kept()).toEqual(['one']);
  });

  it('leaves no application token behind when the connector is deleted', async () => {
    const tokens = stage.backend.dataSource.getRepository(ApplicationToken);
    const fetched = () => Promise.resolve({ token: new Secret('t'), expiresAt: 4_000_000_000 });
    const key = { connectorId: 'wecom', credentials: ['a', 'b'] };
    await stage.backend.get(ApplicationTokens).get(key, fetched);
    expect(await tokens.countBy({ connectorId: 'wecom' })).toBe(1);
    expect((await stage.ask('DELETE', 'connectors/wecom')).status).toBe(204);
    expect(await tokens.countBy({ connectorId: 'wecom' })).toBe(0);
  });

  it('keeps the connector where its tokens cannot be removed', async () => {
    let fails = true;
    stage.backend.get(ConnectorInstances).beforeTokensEnd(async () => {
      if (fails) throw new Error('the tokens cannot be removed');
    });
    expect((await stage.ask('DELETE', 'connectors/one')).status).toBe(500);
    expect([(await stage.ask('GET', 'connectors/one')).status, await kept()]).toEqual([200, ['one']]);
    fails = false;
    expect((await stage.ask('DELETE', 'connectors/one')).status).toBe(204);
    expect(await kept()).toEqual([]);
  });
});
