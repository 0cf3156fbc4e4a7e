import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditEntry, IdentitiesService, Secret, TokenVaultService, User } from '../../../src/index.js';
import { databaseKinds } from '../../support/databases.js';
import { startSandboxed, type Sandboxed } from '../../support/sandboxed.js';

const SUBJECTS = { google: '104251876093517284601', github: '40172365', facebook: '10158274639201547' };

describe.each(databaseKinds)(
  'what a provider tells a client that has several instances, on %s',
  (database) => {
    let stage: Sandboxed;

    beforeAll(async () => {
      stage = await startSandboxed({
        database,
        connectors: ({ connectors }) => [
          ...connectors,
          ...connectors.map((one) => ({ ...one, id: `second-${one.id}`, target: `second-${one.id}` })),
          ...connectors.map((one) => ({ ...one, id: `other-${one.id}`, ...otherClient(one) })),
        ],
      });
    });
    afterAll(() => stage.close());

    /** Target and id alike. */
    const otherClient = ({ id, config }: { id: string; config: object }) => ({
      target: `other-${id}`,
      config: { ...config, clientId: '4711', corpId: 'other' },
    });

    const keep = async (userId: string, target: string, subject: string): Promise<void> => {
      const tokenSet = { accessToken: new Secret(`${target} of ${subject}`), tokenType: 'Bearer' };
      const owner = { userId, connectorId: target, target, subject };
      const vault = stage.backend.get(TokenVaultService);
      await stage.backend.dataSource.transaction((manager) => vault.store(manager, owner, tokenSet));
    };

    /** Returns the user. */
    const signInAtFacebook = (target = 'facebook', issuer?: string): Promise<string> => {
      const { endpoint, clientId } = stage.sandbox.facebook;
      const subject = SUBJECTS.facebook;
      const identity = { issuer: issuer ?? `${endpoint}/${clientId}`, subject, emailVerified: false };
      const identities = stage.backend.get(IdentitiesService);
      return stage.backend.dataSource.transaction((manager) =>
        identities.signIn(manager, { connectorId: target, target, identity }),
      );
    };

    it.each([
      ['google', { provider: 'google', event: 'tokens-revoked' }],
      ['github', { provider: 'github' }],
      ['facebook', { provider: 'facebook', event: 'deauthorize' }],
    ] as const)('ends the tokens of them all, and no others: %s', async (name, notice) => {
      const userId = `somebody at ${name}`;
      const subject = SUBJECTS[name];
      for (const target of [name, `second-${name}`, `other-${name}`]) await keep(userId, target, subject);
      await keep(userId, `second-${name}`, '1');
      const { status } = await stage.sandbox.notify({ ...notice, personaId: 'alice' });
      expect(status).toBeLessThan(300);
      const held = await stage.backend.get(TokenVaultService).list(userId);
      const states = held.map((one) => [one.target, one.subject === subject, one.status !== 'active']);
      expect(new Set(states.map((state) => state.join()))).toEqual(
        new Set([
          `${name},true,true`,
          `second-${name},true,true`,
          `other-${name},true,false`,
          `second-${name},false,false`,
        ]),
      );
    });

    it('deletes the accounts at them all (WH-01)', async () => {
      await signInAtFacebook();
      await signInAtFacebook('second-facebook');
      const issuer = `${stage.sandbox.facebook.endpoint}/4711`;
      const kept = await signInAtFacebook('other-facebook', issuer);
      await stage.sandbox.notify({ provider: 'facebook', event: 'data-deletion', personaId: 'alice' });
      expect((await stage.backend.dataSource.manager.find(User)).map(({ id }) => id)).toEqual([kept]);
    });

    it('is done once, however many copies come at once or later, and to whichever of them', async () => {
      const deleted = { event: 'provider.data_deletion' };
      const { manager } = stage.backend.dataSource;
      const before = await manager.countBy(AuditEntry, deleted);
      const userId = await signInAtFacebook();
      stage.sandbox.advance(60);
      const request = stage.sandbox.facebookSignedRequest({ personaId: 'alice' });
      const send = async (id: string) => {
        const body = new URLSearchParams({ signed_request: request });
        const url = `${stage.backend.url}/notifications/${id}/data-deletion`;
        return (await fetch(url, { method: 'POST', body })).status;
      };
      const copies = Array.from({ length: 8 }, (_, index) =>
        send(index % 2 === 0 ? 'facebook' : 'second-facebook'),
      );
      expect(new Set(await Promise.all(copies))).toEqual(new Set([200]));
      expect(await manager.countBy(User, { id: userId })).toBe(0);
      expect(await manager.countBy(AuditEntry, deleted)).toBe(before + 1);
      expect(await manager.countBy(AuditEntry, { ...deleted, userId })).toBe(1);
      const again = await signInAtFacebook();
      for (const id of ['second-facebook', 'facebook']) expect(await send(id)).toBe(200);
      expect(await manager.countBy(User, { id: again })).toBe(1);
      expect(await manager.countBy(AuditEntry, deleted)).toBe(before + 1);
    });
  },
);
