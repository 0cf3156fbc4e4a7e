import { setTimeout as delay } from 'node:timers/promises';
import { json, serve, type HttpServer, type Recorded, type Reply } from '../support/hostile-issuer-http.js';

interface Family {
  readonly accessTokens: Set<string>;
  newest: string;
  isAlive: boolean;
}

/**
 * A provider whose refresh tokens are good once. A spent one that comes again ends the whole grant, or where there is
 * grace is honoured as if the answer had never been given: https://auth0.com/docs/secure/tokens/refresh-tokens/refresh-token-rotation
 */
export class RotatingProvider {
  /** How often each refresh token has come. */
  readonly seen = new Map<string, number>();
  /** How long the next answers take. */
  delayMilliseconds = 0;
  /** Called when a refresh has arrived. */
  onRefresh: () => void = () => undefined;
  private readonly families = new Map<string, Family>();
  private server: HttpServer;
  private count = 0;

  constructor(private readonly hasGrace: boolean) {}

  async start(): Promise<this> {
    this.server = await serve((request) => this.answer(request));
    return this;
  }

  get origin(): string {
    return this.server.origin;
  }

  get requests(): number {
    return [...this.seen.values()].reduce((sum, times) => sum + times, 0);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  /** What a person has granted. */
  grant(): { accessToken: string; refreshToken: string } {
    return this.issue({ accessTokens: new Set(), newest: '', isAlive: true });
  }

  /** Whether the provider's API takes the access token. */
  takes(accessToken: string): boolean {
    return [...this.families.values()].some(
      ({ accessTokens, isAlive }) => isAlive && accessTokens.has(accessToken),
    );
  }

  private issue(family: Family): { accessToken: string; refreshToken: string } {
    this.count += 1;
    const pair = { accessToken: `access-${this.count}`, refreshToken: `refresh-${this.count}` };
    family.accessTokens.add(pair.accessToken);
    family.newest = pair.refreshToken;
    this.families.set(pair.refreshToken, family);
    return pair;
  }

  private async answer({ form }: Recorded): Promise<Reply> {
    const token = form.get('refresh_token') ?? '';
    this.seen.set(token, (this.seen.get(token) ?? 0) + 1);
    const half = this.delayMilliseconds / 2;
    this.onRefresh();
    await delay(half);
    const pair = this.spend(token);
    await delay(half);
    if (!pair) return json({ error: 'invalid_grant' }, 400);
    return json({
      access_token: pair.accessToken,
      refresh_token: pair.refreshToken,
      token_type: 'Bearer',
      expires_in: 3600,
    });
  }

  private spend(token: string): { accessToken: string; refreshToken: string } | undefined {
    const family = this.families.get(token);
    if (!family?.isAlive) return undefined;
    if (family.newest === token || this.hasGrace) return this.issue(family);
    family.isAlive = false;
    return undefined;
  }
}
