import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { notSignedIn, type CurrentUser } from '../../common/current-user.js';
import { LatchkeyError } from '../../common/errors.js';
import { digest, randomId, randomToken } from '../../common/random.js';
import { Remembered } from '../../common/remembered.js';
import { headersOf, type Caller } from '../../common/request-of.js';
import { Unawaited } from '../../common/unawaited.js';
import { IdentitiesService } from '../../identities/identities.service.js';
import type { Unlinked } from '../../identities/unlinking.js';
import { AUTH_OPTIONS, type AuthModuleOptions } from '../auth.options.js';
import { Logto } from '../logto/logto.js';
import { LogtoSessions } from '../logto/logto-sessions.js';
import type { LogtoTokens } from '../logto/logto-tokens.js';
import { Cookies, SESSION_COOKIE } from './cookies.js';
import { mayHaveBegunWith, withoutOrigin, type AtLogto, type SessionOrigin } from './session-origin.js';
import { SessionStore, type SessionRecord } from './session.store.js';
import { UserSerializer } from './user.serializer.js';

const DAY_SECONDS = 24 * 60 * 60;
const TOUCH_EVERY_SECONDS = 60;
const PURGE_EVERY_SECONDS = 60;
const PURGE_BATCH = 1000;

/** What another instance does to a session is noticed here within a second: half of it is ours to remember. */
const REMEMBER = { milliseconds: 500, limit: 50_000 };

/** A session that is in force, and whose it is. */
export interface CurrentSession extends SessionRecord {
  readonly user: CurrentUser;
}

/**
 * The sessions of browsers. A session ends by sign-out, by its absolute or idle lifetime, by Logto's back-channel
 * logout, with its user, or with the account that it began with: here at once, on other instances within a second.
 */
@Injectable()
export class Sessions implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Sessions.name);
  private readonly remembered: Remembered<CurrentSession>;
  private readonly revocations = new Unawaited();
  private readonly lifetimeSeconds: number;
  private readonly idleSeconds: number;
  private purgeAt = 0;

  constructor(
    @Inject(AUTH_OPTIONS) { session = {} }: AuthModuleOptions,
    private readonly store: SessionStore,
    private readonly users: UserSerializer,
    private readonly logtoSessions: LogtoSessions,
    private readonly logto: Logto,
    private readonly identities: IdentitiesService,
    private readonly cookies: Cookies,
    private readonly clock: Clock,
  ) {
    this.lifetimeSeconds = session.absoluteLifetimeSeconds ?? 14 * DAY_SECONDS;
    this.idleSeconds = session.idleLifetimeSeconds ?? 7 * DAY_SECONDS;
    this.remembered = new Remembered(clock, REMEMBER);
  }

  /** The session of a request, by its cookie. */
  async find(caller: Caller): Promise<CurrentSession | undefined> {
    const tokenHash = this.tokenHashOf(caller);
    if (tokenHash === undefined) return undefined;
    const session = await this.remembered.get(tokenHash, () => this.load(tokenHash));
    return session && this.isInForce(session) ? session : undefined;
  }

  /** The same without waiting, where it has been found a moment ago. */
  recall(caller: Caller): CurrentSession | undefined {
    const tokenHash = this.tokenHashOf(caller);
    const session = tokenHash === undefined ? undefined : this.remembered.peek(tokenHash);
    return session && this.isInForce(session) ? session : undefined;
  }

  /** Those of a user that are in force, the last used first. */
  async ofUser(userId: string): Promise<SessionRecord[]> {
    return (await this.store.ofUser(userId)).filter((record) => this.isInForce(record));
  }

  /**
   * Starts a session under a new cookie and ends the one that the browser had: what was known before the sign-in, to
   * whomever, is worth nothing after it (session fixation). The same user's session goes on as a record, renewed.
   * There is no session without the tokens that belong to it, and none with an account that is unlinked meanwhile.
   */
  async open(
    caller: Caller,
    response: unknown,
    userId: string,
    { identityId, atLogto }: SessionOrigin = {},
  ): Promise<void> {
    const token = randomToken();
    const current = await this.find(caller);
    const record = this.recordFor(caller, token, { userId, identityId });
    const renewed =
      current?.userId === userId && (await this.renewAs({ ...record, id: current.id }, current, atLogto));
    if (!renewed) await this.begin(record, atLogto);
    if (!renewed && current) await this.end([current.id]);
    await this.assertStillLinked({ ...record, id: renewed ? current.id : record.id });
    this.cookies.write(response, SESSION_COOKIE, token, this.lifetimeSeconds);
    await this.purge();
  }

  /**
   * Changes the cookie of a session that goes on as it was, to its end: what the user may do has changed. Rejects with
   * `auth.unauthorized` where the session has been ended meanwhile.
   */
  async renew(response: unknown, { user: _, ...current }: CurrentSession): Promise<void> {
    const token = randomToken();
    if (!(await this.replace({ ...current, tokenHash: digest(token) }, current.tokenHash)))
      throw notSignedIn();
    this.cookies.write(response, SESSION_COOKIE, token, current.expiresAt - this.clock.now());
  }

  /** Goes on after this session has unlinked an account: under a new cookie, where it may have begun with that very one. */
  async goOnWithout(response: unknown, session: CurrentSession, identityId: string): Promise<void> {
    if (mayHaveBegunWith(session, identityId)) await this.renew(response, withoutOrigin(session, identityId));
  }

  /**
   * Ends the session of a browser and returns what Logto has granted to it, for the caller to end. Where there is none,
   * a form of another site may have come, and nothing happens.
   */
  async close(response: unknown, session: CurrentSession | undefined): Promise<LogtoTokens | undefined> {
    if (!session) return undefined;
    const [tokens] = await this.remove([session.id], session.tokenHash);
    this.clearCookie(response);
    return tokens;
  }

  clearCookie(response: unknown): void {
    this.cookies.clear(response, SESSION_COOKIE);
  }

  /** Ends these sessions, then what Logto has granted to them, for which nobody waits. */
  async end(ids: readonly string[]): Promise<void> {
    for (const tokens of await this.remove(ids)) void this.revocations.add(this.logto.revoke(tokens));
  }

  /** All other sessions of the same user. */
  async endOthers({ id, userId }: CurrentSession): Promise<void> {
    const others = (await this.store.ofUser(userId)).filter((record) => record.id !== id);
    await this.end(others.map((record) => record.id));
  }

  async endAllOf(userId: string): Promise<void> {
    const all = await this.store.ofUser(userId);
    await this.end(all.map((record) => record.id));
  }

  /** Those of the user that may have begun with the account, but for the one that has unlinked it. */
  async endBegunWith({ userId, identityId, sessionId }: Unlinked): Promise<void> {
    const others = (await this.store.ofUser(userId)).filter(({ id }) => id !== sessionId);
    const ending = others.filter((record) => mayHaveBegunWith(record, identityId));
    await this.end(ending.map((record) => record.id));
  }

  /** Rejects with `session.not_found` for one that is somebody else's, as for one that does not exist. */
  async endOwn(userId: string, id: string): Promise<void> {
    const own = await this.ofUser(userId);
    if (!own.some((record) => record.id === id))
      throw new LatchkeyError('session.not_found', 'There is no such session.');
    await this.end([id]);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.revocations.settled();
  }

  /** Tokens first; and where Logto has ended its own session meanwhile, ours does not begin. */
  private async begin(record: SessionRecord, atLogto?: AtLogto): Promise<void> {
    if (atLogto) await this.logtoSessions.keep(record, atLogto.account, atLogto.tokens);
    await this.store.insert(record);
    if (!atLogto || (await this.logtoSessions.has(record.id))) return;
    await this.end([record.id]);
    throw notSignedIn();
  }

  /** Whoever unlinks looks for sessions once the account is gone, so either they see this one or we see that. */
  private async assertStillLinked({ id, userId, identityId }: SessionRecord): Promise<void> {
    if (typeof identityId !== 'string' || (await this.identities.isLinked(userId, identityId))) return;
    await this.end([id]);
    throw notSignedIn();
  }

  /** False where the session has been ended meanwhile. */
  private async renewAs(
    record: SessionRecord,
    { tokenHash }: SessionRecord,
    atLogto?: AtLogto,
  ): Promise<boolean> {
    if (!(await this.replace(record, tokenHash))) return false;
    if (atLogto) await this.logtoSessions.keep(record, atLogto.account, atLogto.tokens);
    else await this.logtoSessions.prolong(record);
    return true;
  }

  private async replace(record: SessionRecord, tokenHash: string): Promise<boolean> {
    const replaced = await this.store.replace(record, tokenHash);
    this.remembered.forget(tokenHash);
    return replaced;
  }

  private tokenHashOf(caller: Caller): string | undefined {
    const token = this.cookies.read(headersOf(caller), SESSION_COOKIE);
    return token === undefined ? undefined : digest(token);
  }

  private async remove(ids: readonly string[], tokenHash?: string): Promise<LogtoTokens[]> {
    if (ids.length === 0) return [];
    await this.store.remove(ids);
    this.remembered.forget(tokenHash);
    return this.logtoSessions.take(ids);
  }

  private async load(tokenHash: string): Promise<CurrentSession | undefined> {
    const found = await this.store.find(tokenHash);
    if (!found || !this.isInForce(found)) return undefined;
    const user = await this.users.deserialize(found.userId);
    return user && { ...(await this.touched(found)), user };
  }

  private async touched(record: SessionRecord): Promise<SessionRecord> {
    const now = this.clock.now();
    if (now - record.lastSeenAt < Math.min(TOUCH_EVERY_SECONDS, this.idleSeconds / 4)) return record;
    try {
      await this.store.touch(record.id, now);
    } catch (error) {
      this.logger.warn(`The use of session ${record.id} could not be noted: ${String(error)}`);
    }
    return { ...record, lastSeenAt: now };
  }

  private isInForce({ expiresAt, lastSeenAt }: SessionRecord): boolean {
    const now = this.clock.now();
    return expiresAt > now && lastSeenAt + this.idleSeconds > now;
  }

  private recordFor(caller: Caller, token: string, { userId, identityId = null }: Whose): SessionRecord {
    const now = this.clock.now();
    return {
      id: randomId(21),
      tokenHash: digest(token),
      userId,
      identityId,
      userAgent: headersOf(caller)['user-agent']?.slice(0, 256) ?? null,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + this.lifetimeSeconds,
    };
  }

  /** A bounded batch, at most once a minute. Nobody's sign-in fails by it. */
  private async purge(): Promise<void> {
    const now = this.clock.now();
    if (now < this.purgeAt) return;
    this.purgeAt = now + PURGE_EVERY_SECONDS;
    const over = { expiredAt: now, idleSince: now - this.idleSeconds, limit: PURGE_BATCH };
    try {
      await this.logtoSessions.drop(await this.store.purge(over));
      await this.logtoSessions.purge(PURGE_BATCH);
    } catch (error) {
      this.logger.warn(`Sessions that are over could not be cleared away: ${String(error)}`);
    }
  }
}

type Whose = Pick<SessionRecord, 'userId' | 'identityId'>;
