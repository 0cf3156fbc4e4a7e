import { Injectable } from '@nestjs/common';
import { isLatchkeyError, LatchkeyError, type ErrorCode, type UpstreamAnswer } from '../../common/errors.js';
import { randomState, randomToken } from '../../common/random.js';
import { ConnectorRegistry, type ConfiguredConnector } from '../connector.registry.js';
import type { ConnectorConfig } from '../instances/connector-config.js';
import { ConnectorInstances } from '../instances/connector-instances.js';
import { InstanceDrafts } from '../instances/instance-drafts.js';
import { InstanceFactory } from '../instances/instance.factory.js';

export interface DryRunAnswer {
  readonly checks: readonly Check[];
}

/** `unknown` where an earlier check has failed, or the connector has no way to find out. */
export interface Check {
  readonly name: 'configuration' | 'reachability' | 'credentials';
  readonly outcome: 'passed' | 'failed' | 'unknown';
  readonly code?: ErrorCode;
  readonly detail?: string;
  /** The provider's own words: for administrators alone. */
  readonly upstream?: UpstreamAnswer;
  /** Where a configuration is at fault. */
  readonly issues?: unknown;
}

/** The provider was not there, or nothing of it could be understood. */
const AWAY: ReadonlySet<ErrorCode> = new Set([
  'connector.provider_unavailable',
  'connector.provider_timeout',
  'connector.rate_limited',
  'connector.invalid_response',
]);

/** Tries an instance without a person, and changes nothing here or there. */
@Injectable()
export class DryRun {
  constructor(
    private readonly registry: ConnectorRegistry,
    private readonly instances: ConnectorInstances,
    private readonly drafts: InstanceDrafts,
    private readonly factory: InstanceFactory,
  ) {}

  /**
   * Of the instance as it is, or with another configuration. Rejects with `entity.not_found`, and for another
   * configuration with `connector.read_only` and `connector.secret_required`.
   */
  async run(id: string, config?: ConnectorConfig): Promise<DryRunAnswer> {
    const found = await attempt(() => (config ? this.drafted(id, config) : this.existing(id)), PASSED_ON);
    if (isLatchkeyError(found)) return { checks: [failed('configuration', found), UNREACHED, UNTRIED] };
    const started = await attempt(() => startOf(found));
    if (isLatchkeyError(started) && !AWAY.has(started.code))
      return { checks: [failed('configuration', started), UNREACHED, UNTRIED] };
    const refused = isLatchkeyError(started) ? started : await attempt(() => verify(found));
    return { checks: [{ name: 'configuration', outcome: 'passed' }, ...afterConfiguration(refused)] };
  }

  private async existing(id: string): Promise<ConfiguredConnector> {
    const { brokenBy } = await this.instances.get(id);
    if (!brokenBy) return this.registry.get(id);
    throw new LatchkeyError(brokenBy, 'The stored configuration cannot be used.');
  }

  private async drafted(id: string, config: ConnectorConfig): Promise<ConfiguredConnector> {
    const row = await this.instances.row(id);
    return this.factory.configure(row, await this.drafts.nextConfig(row, config));
  }
}

/** Errors of the request itself. */
const PASSED_ON: ReadonlySet<ErrorCode> = new Set([
  'entity.not_found',
  'connector.read_only',
  'connector.secret_required',
]);

const UNREACHED: Check = { name: 'reachability', outcome: 'unknown' };
const UNTRIED: Check = { name: 'credentials', outcome: 'unknown' };

/** With values that no round trip ever has. */
const startOf = ({ connector, instance }: ConfiguredConnector): Promise<URL> =>
  connector.authorizationUrl(instance, {
    redirectUri: 'https://app.invalid/callback/dry-run',
    state: randomState(),
    nonce: randomToken(),
    codeVerifier: randomToken(),
  });

async function verify({ connector, instance }: ConfiguredConnector): Promise<'verified' | 'unknown'> {
  if (!connector.verifyCredentials) return 'unknown';
  await connector.verifyCredentials(instance);
  return 'verified';
}

/** Whoever refuses credentials is there. */
function afterConfiguration(result: 'verified' | 'unknown' | LatchkeyError): Check[] {
  if (result === 'unknown') return [UNREACHED, UNTRIED];
  if (result === 'verified')
    return [
      { name: 'reachability', outcome: 'passed' },
      { name: 'credentials', outcome: 'passed' },
    ];
  return AWAY.has(result.code)
    ? [failed('reachability', result), UNTRIED]
    : [{ name: 'reachability', outcome: 'passed' }, failed('credentials', result)];
}

const failed = (name: Check['name'], { code, message, upstream, data }: LatchkeyError): Check => ({
  name,
  outcome: 'failed',
  code,
  detail: message,
  upstream,
  ...(data?.['issues'] !== undefined && { issues: data['issues'] }),
});

/** What went wrong as a value, but for what is nobody's finding. */
async function attempt<Result>(
  action: () => Promise<Result>,
  passedOn: ReadonlySet<ErrorCode> = new Set(),
): Promise<Result | LatchkeyError> {
  try {
    return await action();
  } catch (error) {
    if (isLatchkeyError(error) && !passedOn.has(error.code)) return error;
    throw error;
  }
}
