import { Inject, Injectable, Optional } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { LatchkeyError } from '../../common/errors.js';
import { assertPublicEndpoints, PRIVATE_HOSTS } from '../../common/private-addresses.js';
import { randomId, randomToken } from '../../common/random.js';
import { Secret } from '../../common/secret.js';
import type { EventName } from '../event.js';
import { HookSecretsSealer, type HookSecrets } from './hook-secrets.js';
import type { Hook } from './hook.entity.js';
import type { SignedHook } from './webhooks.js';

/** How long a key goes on signing beside the one that has replaced it. */
const OVERLAP_SECONDS = 86_400;

export interface HookConfig {
  readonly url: string;
  /** Sent with each delivery. They may be credentials: written and never read. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface NewHook {
  readonly name: string;
  readonly events: readonly EventName[];
  readonly config: HookConfig;
  readonly enabled?: boolean;
}

/** What is absent stays as it is; so do headers that a configuration leaves out, unless its address is another one. */
export type HookChanges = Partial<NewHook>;

/** Rows as they are going to be, judged and sealed. */
@Injectable()
export class HookDrafts {
  constructor(
    private readonly sealer: HookSecretsSealer,
    private readonly clock: Clock,
    @Optional() @Inject(PRIVATE_HOSTS) private readonly privateHosts: readonly string[] = [],
  ) {}

  async create({ name, events, config, enabled = true }: NewHook): Promise<SignedHook> {
    const { url, headers = {} } = config;
    await this.assertReachable(url);
    const row = {
      id: randomId(21),
      name,
      events: namesOf(events),
      url,
      version: 1,
      enabled,
      disabledReason: null,
      pausedUntil: 0,
      createdAt: this.clock.now(),
    };
    const signingKey = randomToken();
    const hook = { ...row, ...(await this.sealer.seal({ signingKey, headers }, row)) };
    return { hook, signingKey: new Secret(signingKey) };
  }

  /** The columns that change. */
  async change(former: Hook, { name, events, config, enabled }: HookChanges): Promise<Partial<Hook>> {
    return {
      ...(name !== undefined && { name }),
      ...(events && { events: namesOf(events) }),
      ...(enabled !== undefined && { enabled, disabledReason: null, pausedUntil: 0 }),
      ...(config && (await this.reseal(former, config.url, await this.secretsFor(former, config)))),
    };
  }

  /** The columns that change, and the new key. */
  async rotate(
    former: Hook,
  ): Promise<{ readonly columns: Partial<Hook>; readonly signingKey: SignedHook['signingKey'] }> {
    const held = (await this.sealer.open(former)).reveal();
    const signingKey = randomToken();
    const until = this.clock.now() + OVERLAP_SECONDS;
    const rotated = { ...held, signingKey, former: { signingKey: held.signingKey, until } };
    const columns = await this.reseal(former, former.url, rotated);
    return { columns, signingKey: new Secret(signingKey) };
  }

  /**
   * What goes along to such a configuration: the signing key always, headers that it leaves out to the same address
   * alone. Rejects with `connector.secret_required` or `connector.address_forbidden`.
   */
  async secretsFor(hook: Hook, { url, headers }: HookConfig): Promise<HookSecrets> {
    await this.assertReachable(url);
    const held = (await this.sealer.open(hook)).reveal();
    const fields = headerNamesOf(hook);
    if (!headers && fields.length > 0 && url !== hook.url)
      throw new LatchkeyError('connector.secret_required', 'Another address needs the headers once more.', {
        data: { fields },
      });
    return { ...held, headers: headers ?? held.headers };
  }

  private async reseal({ id, version }: Hook, url: string, secrets: HookSecrets): Promise<Partial<Hook>> {
    const bound = { id, url, version: version + 1 };
    return { url, version: bound.version, ...(await this.sealer.seal(secrets, bound)) };
  }

  private assertReachable(url: string): Promise<void> {
    return assertPublicEndpoints({ url }, new Set(this.privateHosts));
  }
}

const namesOf = (events: readonly EventName[]): string => [...new Set(events)].join(' ');

export const headerNamesOf = ({ headerNames }: Hook): string[] => JSON.parse(headerNames) as string[];
