import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '../../../src/audit/audit-entry.entity.js';
import { RotationState } from '../../../src/sealing/rotation/rotation-state.entity.js';
import { ask, openManagement, verdictOf, type ManagementStage } from '../../connectors/management/stage.js';
import { environments } from '../../support/backend.js';

describe.each(environments)('the rotation route on $platform and $database', (environment) => {
  let stage: ManagementStage;

  beforeAll(async () => {
    stage = await openManagement(environment);
  });

  afterAll(() => stage.close());

  const connector = { connectorId: 'github-universal', config: { clientId: 'id', clientSecret: 'hush' } };

  it('tells nobody anything who may not manage the backend', async () => {
    for (const method of ['GET', 'POST']) {
      const url = `${stage.backend.url}/api/vault/rotation`;
      expect((await ask(url, method)).status).toBe(401);
      const authorization = `Bearer ${await stage.tokens.machine('')}`;
      expect((await ask(url, method, undefined, { authorization })).status).toBe(403);
    }
    expect(await stage.backend.dataSource.getRepository(RotationState).count()).toBe(0);
  });

  it('starts a rotation, says how far it came, and names no key but by its id (VC-08)', async () => {
    await stage.ask('POST', 'connectors', connector);
    expect((await stage.ask('GET', 'vault/rotation')).body).toMatchObject({ state: 'never', left: 0 });
    const started = await stage.ask('POST', 'vault/rotation');
    expect(verdictOf(started)).toBe('202');
    let report = started;
    for (const end = Date.now() + 20_000; report.body['state'] === 'running' && Date.now() < end;)
      report = await stage.ask('GET', 'vault/rotation');
    expect(report.body).toMatchObject({
      state: 'finished',
      resealed: 0,
      failed: 0,
      left: 0,
      keys: [{ id: 'test', isCurrent: true, isHeld: true }],
    });
    expect(report.headers.get('cache-control')).toBe('no-store');
    expect(report.text).not.toContain('only tests ever hold');
  });

  it('is written down with who started it', async () => {
    const entries = stage.backend.dataSource.getRepository(AuditEntry);
    const started = await entries.findBy({ event: 'vault.rotation_started' });
    expect(started).toMatchObject([
      { outcome: 'done', actorId: expect.stringMatching(/^client:/) as unknown },
    ]);
  });
});
