import { expect, it } from '@jest/globals';
import { loadOidcProvider } from '../../src/sandbox/logto/load-oidc-provider.js';
import { RecordsAdapter, type Records } from '../../src/sandbox/logto/records.js';

// A static import of oidc-provider would print its remark about the runtime.
const { errors } = await loadOidcProvider();

const adapterOf = (model: string, records: Records = new Map()): RecordsAdapter =>
  new RecordsAdapter({
    model,
    records,
    consumed: new Set(),
    changed: () => undefined,
    InvalidGrant: errors.InvalidGrant,
  });

it('consumes a record once, also when all looked before any consumed', async () => {
  const codes = adapterOf('AuthorizationCode');
  await codes.upsert('code', { grantId: 'grant' }, 60);
  const found = await Promise.all(Array.from({ length: 20 }, () => codes.find('code')));
  expect(found.every((payload) => payload?.consumed === undefined)).toBe(true);
  const outcomes = await Promise.allSettled(found.map(() => codes.consume('code')));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { error: 'invalid_grant' },
  });
});

it('ends the grant of a refresh token that is consumed twice, and spares that of a code', async () => {
  const records: Records = new Map();
  const [tokens, codes] = [adapterOf('RefreshToken', records), adapterOf('AuthorizationCode', records)];
  for (const grantId of ['shared', 'spared']) await adapterOf('Grant', records).upsert(grantId, {}, 60);
  await tokens.upsert('token', { grantId: 'shared' }, 60);
  await adapterOf('AccessToken', records).upsert('access', { grantId: 'shared' }, 60);
  await codes.upsert('code', { grantId: 'spared' }, 60);
  for (const consume of [() => tokens.consume('token'), () => codes.consume('code')]) {
    await consume();
    await expect(consume()).rejects.toMatchObject({ error: 'invalid_grant' });
  }
  expect([...records.keys()]).toEqual(['Grant:spared', 'AuthorizationCode:code']);
});

it('finds nothing that has expired', async () => {
  const sessions = adapterOf('Session');
  await sessions.upsert('old', { uid: 'uid' }, 0);
  expect([await sessions.find('old'), await sessions.findByUid('uid')]).toEqual([undefined, undefined]);
});

it('finds a session by its uid', async () => {
  const sessions = adapterOf('Session');
  await sessions.upsert('id', { uid: 'uid' }, 60);
  expect(await sessions.findByUid('uid')).toEqual({ uid: 'uid' });
});

it('revokes what belongs to a grant, within its model', async () => {
  const records: Records = new Map();
  const [tokens, codes] = [adapterOf('AccessToken', records), adapterOf('AuthorizationCode', records)];
  await tokens.upsert('mine', { grantId: 'grant' }, 60);
  await tokens.upsert('other', { grantId: 'another' }, 60);
  await codes.upsert('code', { grantId: 'grant' }, 60);
  await tokens.revokeByGrantId('grant');
  expect([...records.keys()]).toEqual(['AccessToken:other', 'AuthorizationCode:code']);
});

it('hands out copies, so that nobody changes a record in passing', async () => {
  const sessions = adapterOf('Session');
  await sessions.upsert('id', { uid: 'uid', authorizations: {} }, 60);
  Object.assign((await sessions.find('id'))?.authorizations ?? {}, { client: { sid: 'x' } });
  expect(await sessions.find('id')).toMatchObject({ authorizations: {} });
  expect((await sessions.find('id'))?.authorizations).toEqual({});
});
