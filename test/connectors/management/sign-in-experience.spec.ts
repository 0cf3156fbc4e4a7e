import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectorRegistry } from '../../../src/connectors/connector.registry.js';
import { SignInExperience } from '../../../src/connectors/instances/sign-in-experience.js';
import { environments } from '../../support/backend.js';
import { Browser } from '../../support/browser.js';
import { openManagement, verdictOf, type ManagementStage } from './stage.js';

const config = { clientId: 'an id', clientSecret: 'a secret' };

describe.each(environments)('the sign-in experience on $platform and $database', ({ platform, database }) => {
  let stage: ManagementStage;

  beforeAll(async () => {
    stage = await openManagement({ platform, database });
    for (const [id, connectorId] of [
      ['github', 'github-universal'],
      ['github-two', 'github-universal'],
      ['x', 'x-universal'],
    ])
      await stage.ask('POST', 'connectors', { id, connectorId, config });
  });

  afterAll(() => stage.close());

  const patch = (body: unknown, headers = {}) => stage.ask('PATCH', 'sign-in-exp', body, headers);
  const offered = async () =>
    (await stage.backend.get(ConnectorRegistry).list()).map(({ instance }) => instance.id);

  it('offers every connector that is switched on as long as there is no list', async () => {
    expect(new Set(await offered())).toEqual(new Set(['google', 'github', 'github-two', 'x']));
    const { body } = await stage.ask('GET', 'sign-in-exp');
    expect(new Set(body['socialSignInConnectorTargets'] as string[])).toEqual(
      new Set(['google', 'github', 'x']),
    );
    expect(body['socialSignIn']).toEqual({ automaticAccountLinking: false });
  });

  it('offers what is listed, in its order, also on the page', async () => {
    const { body } = await patch({ socialSignInConnectorTargets: ['x', 'google', 'x', 'nope'] });
    expect(body['socialSignInConnectorTargets']).toEqual(['x', 'google']);
    expect(await offered()).toEqual(['x', 'google']);
    const { html } = await new Browser().open(`${stage.backend.url}/sign-in`);
    expect([
      html.indexOf('/auth/social/x') < html.indexOf('/auth/social/google'),
      html.includes('/auth/social/github'),
    ]).toEqual([true, false]);
    expect(await stage.backend.get(ConnectorRegistry).getEnabled('github')).toBeDefined();
  });

  it('offers nothing where the list is empty, and everything again where it is taken away', async () => {
    await patch({ socialSignInConnectorTargets: [] });
    expect(await offered()).toEqual([]);
    await patch({ socialSignInConnectorTargets: null });
    expect(await offered()).toHaveLength(4);
  });

  it('keeps the switch for automatic linking, off at first', async () => {
    expect(stage.backend.get(SignInExperience).isLinkingAutomatic).toBe(false);
    const { body } = await patch({ socialSignIn: { automaticAccountLinking: true } });
    expect(body['socialSignIn']).toEqual({ automaticAccountLinking: true });
    expect(stage.backend.get(SignInExperience).isLinkingAutomatic).toBe(true);
    await patch({ socialSignIn: { automaticAccountLinking: false } });
  });

  it('refuses what is not ours (MA-10)', async () => {
    for (const body of [
      { signInMode: 'SignInAndRegister' },
      { id: 'other' },
      { socialSignIn: { automaticAccountLinking: true, skipRequiredIdentifiers: true } },
      { socialSignIn: { automaticAccountLinking: 'yes' } },
      { socialSignInConnectorTargets: 'google' },
      { socialSignInConnectorTargets: [1] },
    ])
      expect([body, verdictOf(await patch(body))]).toEqual([body, '400 guard.invalid_input']);
  });

  it('is changed only where nobody else has, and loses no change otherwise (MA-19)', async () => {
    const tag = String((await stage.ask('GET', 'sign-in-exp')).headers.get('etag'));
    const parallel = await Promise.all([
      patch({ socialSignInConnectorTargets: ['google'] }),
      patch({ socialSignIn: { automaticAccountLinking: true } }),
    ]);
    expect(parallel.map(verdictOf)).toEqual(['200', '200']);
    const now = await stage.ask('GET', 'sign-in-exp');
    expect(now.body).toEqual({
      socialSignInConnectorTargets: ['google'],
      socialSignIn: { automaticAccountLinking: true },
    });
    expect(verdictOf(await patch({ socialSignInConnectorTargets: [] }, { 'if-match': tag }))).toBe(
      '412 connector.version_mismatch',
    );
    expect(verdictOf(await patch({}, { 'if-match': String(now.headers.get('etag')) }))).toBe('200');
  });
});
