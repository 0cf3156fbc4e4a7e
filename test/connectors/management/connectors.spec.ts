import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { environments } from '../../support/backend.js';
import { openManagement, verdictOf, type Answer, type ManagementStage } from './stage.js';

const SECRET = 'a secret of ours at the provider';
const config = { clientId: 'an id', clientSecret: SECRET, scope: 'read:user' };

describe.each(environments)('connector instances on $platform and $database', ({ platform, database }) => {
  let stage: ManagementStage;
  const answers: Answer[] = [];

  beforeAll(async () => {
    stage = await openManagement({ platform, database });
  });

  afterAll(() => stage.close());

  const ask = async (...parameters: Parameters<ManagementStage['ask']>) => {
    const answer = await stage.ask(...parameters);
    answers.push(answer);
    return answer;
  };
  const create = (body: object = {}) =>
    ask('POST', 'connectors', { connectorId: 'github-universal', config, ...body });
  const created = async (body: object = {}): Promise<string> => String((await create(body)).body['id']);
  const patch = (id: string, body: object, headers = {}) => ask('PATCH', `connectors/${id}`, body, headers);
  const get = (id: string) => ask('GET', `connectors/${id}`);

  it('are made as at Logto: by the kind and its configuration, with an id of twelve letters and digits', async () => {
    const answer = await create({ syncProfile: true });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9a-z]{12}$/),
      connectorId: 'github-universal',
      target: 'github',
      type: 'Social',
      platform: 'Universal',
      name: { en: 'GitHub' },
      description: { en: expect.any(String) },
      logo: '',
      logoDark: null,
      readme: '',
      formItems: expect.any(Array),
      isStandard: false,
      isTokenStorageSupported: true,
      isDemo: false,
      extraInfo: {},
      metadata: {},
      syncProfile: true,
      enableTokenStorage: false,
      enabled: true,
      config: { clientId: 'an id', scope: 'read:user' },
      configuredSecrets: ['clientSecret'],
      isReadOnly: false,
      version: 1,
    });
    expect(answer.headers.get('etag')).toBe('"1"');
    expect((await get(String(answer.body['id']))).body).toEqual(answer.body);
  });

  it('may have an id that is known before, and each id once', async () => {
    expect((await create({ id: 'chosen' })).body['id']).toBe('chosen');
    for (const id of ['chosen', 'google'])
      expect(verdictOf(await create({ id }))).toBe('422 entity.unique_integrity_violation');
    for (const id of ['logto', 'a/b', '', 'x'.repeat(65)])
      expect(verdictOf(await create({ id }))).toBe('400 guard.invalid_input');
  });

  it('can be several of one kind, each with its own target or with the same', async () => {
    const other = await create({ metadata: { target: 'github-enterprise', name: { en: 'Our GitHub' } } });
    expect(other.body).toMatchObject({ target: 'github-enterprise', name: { en: 'Our GitHub' } });
    const same = await create({ metadata: { target: 'github-enterprise' } });
    const listed = await ask('GET', 'connectors?target=github-enterprise');
    const ids = (JSON.parse(listed.text) as { id: unknown }[]).map(({ id }) => id);
    expect(new Set(ids)).toEqual(new Set([other.body['id'], same.body['id']]));
  });

  it('keep their target, because accounts are known by it', async () => {
    const id = await created();
    expect(verdictOf(await patch(id, { metadata: { target: 'another' } }))).toBe(
      '400 connector.can_not_modify_target',
    );
    expect(verdictOf(await patch(id, { metadata: { target: 'github', logo: 'https://a.test/l.png' } }))).toBe(
      '200',
    );
    expect((await get(id)).body).toMatchObject({ target: 'github', logo: 'https://a.test/l.png' });
  });

  it('are listed with those of the environment, which nobody changes here', async () => {
    const all = JSON.parse((await ask('GET', 'connectors')).text) as Record<string, unknown>[];
    expect(all[0]).toMatchObject({
      id: 'google',
      isReadOnly: true,
      version: 0,
      configuredSecrets: ['clientSecret'],
    });
    expect(all.length).toBeGreaterThan(3);
    expect(verdictOf(await patch('google', { enabled: false }))).toBe('422 connector.read_only');
    expect(verdictOf(await ask('DELETE', 'connectors/google'))).toBe('422 connector.read_only');
  });

  it('have a kind that is registered, and a configuration of its form', async () => {
    expect(verdictOf(await create({ connectorId: 'nope' }))).toBe(
      '422 connector.not_found_with_connector_id',
    );
    const bad = await create({ config: { clientId: 1, clientSecret: SECRET } });
    expect([verdictOf(bad), bad.body['data']]).toEqual([
      '400 connector.invalid_config',
      { issues: [{ code: 'invalid_type', path: ['clientId'], message: expect.any(String) }] },
    ]);
    const id = await created();
    expect(verdictOf(await patch(id, { config: { clientId: '' } }))).toBe('400 connector.invalid_config');
    expect((await get(id)).body).toMatchObject({ version: 1, config: { clientId: 'an id' } });
  });

  it('are answered with 404 where there are none', async () => {
    for (const [method, path, body] of [
      ['GET', 'connectors/nope'],
      ['PATCH', 'connectors/nope', {}],
      ['DELETE', 'connectors/nope'],
      ['POST', 'connectors/nope/test', {}],
      ['GET', `connectors/${encodeURIComponent("'; DROP TABLE latchkey_connectors; --")}`],
      ['GET', 'connectors/%00'],
      ['GET', 'connector-factories/nope'],
    ] as const)
      expect([path, verdictOf(await ask(method, path, body))]).toEqual([path, '404 entity.not_found']);
  });

  it('know the kinds that there are', async () => {
    const kinds = JSON.parse((await ask('GET', 'connector-factories')).text) as { id: string }[];
    expect(kinds.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'google-universal',
        'github-universal',
        'facebook-universal',
        'x-universal',
        'wecom-universal',
      ]),
    );
    expect((await ask('GET', 'connector-factories/wecom-universal')).body).toMatchObject({
      id: 'wecom-universal',
      target: 'wecom',
      type: 'Social',
      isTokenStorageSupported: false,
    });
  });

  it('refuse fields that are not theirs, and change nothing (MA-10)', async () => {
    const id = await created();
    const foreign = [
      'id',
      'userId',
      'role',
      'isAdmin',
      'emailVerified',
      'createdAt',
      'version',
      'constructor',
    ];
    for (const field of foreign)
      expect([field, verdictOf(await patch(id, { enabled: false, [field]: 1 }))]).toEqual([
        field,
        '400 guard.invalid_input',
      ]);
    const poisoned = '{"enabled":false,"__proto__":{"isAdmin":true}}';
    expect((await ask('PATCH', `connectors/${id}`, poisoned)).status).toBe(400);
    expect(verdictOf(await create({ createdAt: 1 }))).toBe('400 guard.invalid_input');
    expect((await get(id)).body).toMatchObject({ version: 1, enabled: true });
  });

  it('take no query but the target (MA-12)', async () => {
    for (const query of ['page=1000000000', 'limit=-1', 'sort=nope', 'target=a&target=b', "target=a'--&x=1"])
      expect([query, verdictOf(await ask('GET', `connectors?${query}`))]).toEqual([
        query,
        '400 guard.invalid_input',
      ]);
  });

  it('are changed only where nobody else has changed them since (MA-19)', async () => {
    const id = await created();
    const first = await patch(id, { syncProfile: true }, { 'if-match': '"1"' });
    expect([verdictOf(first), first.headers.get('etag')]).toEqual(['200', '"2"']);
    for (const tag of ['"1"', 'W/"2"', '2', 'nonsense'])
      expect(verdictOf(await patch(id, { syncProfile: false }, { 'if-match': tag }))).toBe(
        '412 connector.version_mismatch',
      );
    expect(verdictOf(await ask('DELETE', `connectors/${id}`, undefined, { 'if-match': '"1"' }))).toBe(
      '412 connector.version_mismatch',
    );
    expect((await get(id)).body).toMatchObject({ syncProfile: true, version: 2 });
    expect(verdictOf(await patch(id, { syncProfile: false }, { 'if-match': '"1", "2"' }))).toBe('200');
    expect(verdictOf(await patch(id, { syncProfile: true }, { 'if-match': '*' }))).toBe('200');
  });

  it('lose no change where several are made at once (MA-19)', async () => {
    const id = await created();
    const changes = [
      { syncProfile: true },
      { enableTokenStorage: true },
      { enabled: false },
      { metadata: { name: { en: 'Another' } } },
      { metadata: { logo: 'https://a.test/logo.png' } },
      { metadata: { logoDark: 'https://a.test/dark.png' } },
      { config: { ...config, scope: 'user:email' } },
    ];
    const parallel = await Promise.all(changes.map((change) => patch(id, change)));
    expect(parallel.map(verdictOf)).toEqual(changes.map(() => '200'));
    expect((await get(id)).body).toMatchObject({
      version: 1 + changes.length,
      syncProfile: true,
      enableTokenStorage: true,
      enabled: false,
      metadata: {
        name: { en: 'Another' },
        logo: 'https://a.test/logo.png',
        logoDark: 'https://a.test/dark.png',
      },
      config: { scope: 'user:email' },
    });
  });

  it('let one of several through that all have seen the same version (MA-19)', async () => {
    const id = await created();
    const parallel = [1, 2, 3, 4].map((n) =>
      patch(id, { metadata: { name: { en: `N${n}` } } }, { 'if-match': '"1"' }),
    );
    const verdicts = (await Promise.all(parallel)).map(verdictOf).sort();
    expect(verdicts).toEqual(['200', ...Array.from({ length: 3 }, () => '412 connector.version_mismatch')]);
  });

  it('give up parts of their metadata one by one', async () => {
    const id = await created({ metadata: { name: { en: 'Ours' }, logo: 'https://a.test/l.png' } });
    expect((await patch(id, { metadata: { logo: null } })).body).toMatchObject({
      metadata: { name: { en: 'Ours' } },
      logo: '',
    });
    for (const metadata of [
      { name: { fr: 'Sans anglais' } },
      { logo: 'http://a.test/l.png' },
      { logo: 'javascript:alert(1)' },
      { target: 1 },
      { other: 1 },
    ])
      expect([metadata, verdictOf(await patch(id, { metadata }))]).toEqual([
        metadata,
        '400 guard.invalid_input',
      ]);
  });

  it('go with 204, and the list of the sign-in loses their target with the last of them', async () => {
    const [one, other] = [
      await created({ metadata: { target: 'two' } }),
      await created({ metadata: { target: 'two' } }),
    ];
    await ask('PATCH', 'sign-in-exp', { socialSignInConnectorTargets: ['two', 'google'] });
    const listed = async () => (await ask('GET', 'sign-in-exp')).body['socialSignInConnectorTargets'];
    expect(verdictOf(await ask('DELETE', `connectors/${one}`))).toBe('204');
    expect([verdictOf(await get(one)), await listed()]).toEqual(['404 entity.not_found', ['two', 'google']]);
    expect(verdictOf(await ask('DELETE', `connectors/${other}`))).toBe('204');
    expect(await listed()).toEqual(['google']);
    expect(verdictOf(await ask('DELETE', `connectors/${other}`))).toBe('404 entity.not_found');
    await ask('PATCH', 'sign-in-exp', { socialSignInConnectorTargets: null });
  });

  it('show their secrets to nobody: not in answers, logs or the database (MA-07)', async () => {
    await create();
    expect(answers.length).toBeGreaterThan(50);
    for (const { text } of answers) expect(text).not.toContain(SECRET);
    expect(stage.backend.logs.join('\n')).not.toContain(SECRET);
    const dump = await stage.backend.database.dump();
    expect(dump.includes('an id')).toBe(true);
    expect(dump.includes(SECRET)).toBe(false);
  });
});
