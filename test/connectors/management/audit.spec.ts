import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '../../../src/audit/audit-entry.entity.js';
import { platforms } from '../../support/backend.js';
import { openManagement, type ManagementStage } from './stage.js';

describe.each(platforms)('what administrators change, on %s', (platform) => {
  let stage: ManagementStage;

  beforeAll(async () => {
    stage = await openManagement({ platform });
  });

  afterAll(() => stage.close());

  it('stands in the audit log with who, what and which, and without a value (MA-18)', async () => {
    const config = { clientId: 'an id', clientSecret: 'canary-secret-of-an-administrator' };
    await stage.ask('POST', 'connectors', { id: 'mine', connectorId: 'github-universal', config });
    await stage.ask('PATCH', 'connectors/mine', { syncProfile: true });
    await stage.ask('PATCH', 'sign-in-exp', { socialSignInConnectorTargets: ['github'] });
    await stage.ask('PATCH', 'connectors/mine', { unknown: true });
    await stage.ask('DELETE', 'connectors/mine');
    const entries = await stage.backend.dataSource.getRepository(AuditEntry).find({ order: { id: 'ASC' } });
    const told = entries.map(({ event, outcome, connectorId }) => [event, outcome, connectorId]);
    expect(told).toEqual([
      ['connector.created', 'done', 'mine'],
      ['connector.updated', 'done', 'mine'],
      ['sign_in_experience.updated', 'done', null],
      ['connector.deleted', 'done', 'mine'],
    ]);
    expect(new Set(entries.map(({ actorId }) => actorId))).toEqual(
      new Set([expect.stringMatching(/^client:.+/)]),
    );
    expect(JSON.stringify(entries)).not.toContain('canary');
  });
});
