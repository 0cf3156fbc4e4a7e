import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms } from '../../support/backend.js';
import { openManagement, verdictOf, type ManagementStage } from './stage.js';

interface Check {
  readonly name: string;
  readonly outcome: string;
  readonly code?: string;
}

describe.each(platforms)('the dry run of a connector on %s', (platform) => {
  let stage: ManagementStage;
  let config: Record<string, string>;

  beforeAll(async () => {
    stage = await openManagement({ platform });
    const { clientId, clientSecret, endpoint, apiEndpoint } = stage.sandbox.github;
    config = { clientId, clientSecret, endpoint, apiEndpoint };
    await stage.ask('POST', 'connectors', { id: 'github', connectorId: 'github-universal', config });
  });

  afterAll(() => stage.close());

  afterEach(() => stage.sandbox.clearFaults());

  const run = async (id: string, body?: object) => {
    const answer = await stage.ask('POST', `connectors/${id}/test`, body);
    expect(answer.status).toBe(200);
    return answer.body['checks'] as Check[];
  };
  const outcomes = (checks: readonly Check[]) =>
    checks.map(({ name, outcome, code }) => [name, outcome, code]);

  it('passes where provider and credentials are as configured, without a body too', async () => {
    for (const checks of [await run('github'), await run('github', {}), await run('google')])
      expect(outcomes(checks)).toEqual([
        ['configuration', 'passed', undefined],
        ['reachability', 'passed', undefined],
        ['credentials', 'passed', undefined],
      ]);
  });

  it('tells wrong credentials from everything else, in the provider’s own words', async () => {
    const checks = await run('github', { config: { ...config, clientSecret: 'wrong' } });
    expect(outcomes(checks)).toEqual([
      ['configuration', 'passed', undefined],
      ['reachability', 'passed', undefined],
      ['credentials', 'failed', 'connector.misconfigured'],
    ]);
    expect(checks[2]).toMatchObject({ detail: expect.any(String), upstream: { code: expect.any(String) } });
    expect(JSON.stringify(checks)).not.toContain(config['clientSecret']);
  });

  it('tells a provider that is away', async () => {
    const away = 'http://localhost:9';
    const other = { ...config, endpoint: away, apiEndpoint: away };
    const checks = await run('github', { config: other });
    expect(outcomes(checks)).toEqual([
      ['configuration', 'failed', 'connector.address_forbidden'],
      ['reachability', 'unknown', undefined],
      ['credentials', 'unknown', undefined],
    ]);
    stage.sandbox.fail({ path: '/github/login/oauth/access_token', status: 503 });
    expect(outcomes(await run('github'))).toEqual([
      ['configuration', 'passed', undefined],
      ['reachability', 'failed', 'connector.provider_unavailable'],
      ['credentials', 'unknown', undefined],
    ]);
  });

  it('tells a configuration that is none, and asks nobody', async () => {
    stage.sandbox.clearRequests();
    const checks = await run('github', { config: { clientSecret: 'x', clientId: '' } });
    expect(outcomes(checks)).toEqual([
      ['configuration', 'failed', 'connector.invalid_config'],
      ['reachability', 'unknown', undefined],
      ['credentials', 'unknown', undefined],
    ]);
    expect(checks[0]).toMatchObject({ issues: [{ path: ['clientId'] }] });
    expect(stage.sandbox.requests()).toEqual({});
  });

  it('changes nothing, and takes the stored secret only for the same addresses', async () => {
    const { clientSecret: _, ...open } = config;
    expect(outcomes(await run('github', { config: open }))[2]).toEqual(['credentials', 'passed', undefined]);
    expect((await stage.ask('GET', 'connectors/github')).body['version']).toBe(1);
    const elsewhere = { config: { ...open, endpoint: 'https://evil.example.com' } };
    expect(verdictOf(await stage.ask('POST', 'connectors/github/test', elsewhere))).toBe(
      '422 connector.secret_required',
    );
  });

  it('takes no other configuration for a connector of the environment, and no other field', async () => {
    expect(verdictOf(await stage.ask('POST', 'connectors/google/test', { config }))).toBe(
      '422 connector.read_only',
    );
    expect(verdictOf(await stage.ask('POST', 'connectors/github/test', { phone: '1' }))).toBe(
      '400 guard.invalid_input',
    );
  });
});
