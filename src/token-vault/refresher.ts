import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { LatchkeyError } from '../common/errors.js';
import { digest } from '../common/random.js';
import { SingleFlight } from '../common/single-flight.js';
import { ConnectorRegistry } from '../connectors/connector.registry.js';
import type { TokenSet } from '../connectors/token-set.js';
import { Chronicle } from './chronicle.js';
import { Circuits } from './circuits.js';
import { isExpired, isFresh, needsValidation } from './freshness.js';
import { mergeTokenSets } from './merge.js';
import { ProviderAnswers } from './provider-answers.js';
import { taskFor, type Need, type Work } from './provider-task.js';
import { Reauthorization } from './reauthorization.js';
import { NO_ATTEMPT, RefreshLease, rowOf } from './refresh-lease.js';
import { RefreshSignals } from './refresh-signals.js';
import { Refusals } from './refusals.js';
import { SecretStore } from './secret.store.js';
import type { StoredSecret } from './stored-secret.entity.js';
import { TokenSetSealer } from './token-set.sealer.js';

/** Longer than it takes to find out that another instance has died, and to ask in its place. */
const PATIENCE_MILLISECONDS = 20_000;

/** While another one's attempt stands as it was, its row is only looked at; so often it is tried to take it over. */
const TRY_AGAIN_MILLISECONDS = 250;

/** After so many attempts in a row of which nobody knows the outcome there is no further one. */
const ATTEMPTS_TO_LOSE = 2;

/**
 * Renews token sets. However many readers ask, in however many processes, the provider is asked once, and all get its
 * answer. A token that is still valid is never withheld because the provider is away; a failure deletes nothing; and a
 * refresh token that may be spent, because whoever sent it died, is sent once more and no third time.
 */
@Injectable()
export class Refresher implements BeforeApplicationShutdown {
  private readonly flights = new SingleFlight<TokenSet>();
  private ending = false;

  constructor(
    private readonly secrets: SecretStore,
    private readonly sealer: TokenSetSealer,
    private readonly connectors: ConnectorRegistry,
    private readonly lease: RefreshLease,
    private readonly signals: RefreshSignals,
    private readonly answers: ProviderAnswers,
    private readonly refusals: Refusals,
    private readonly circuits: Circuits,
    private readonly chronicle: Chronicle,
    private readonly reauthorization: Reauthorization,
    private readonly clock: Clock,
  ) {}

  /** Whether the row's token can be handed out without asking anybody. */
  isFresh(secret: StoredSecret, { minTtlSeconds, refused, isDue }: Need = {}): boolean {
    const now = this.clock.now();
    if (refused !== undefined || (isDue && secret.renewAt !== null && secret.renewAt <= now)) return false;
    const connector = this.connectors.peek(secret.connectorId)?.connector;
    const descriptor = connector?.descriptor ?? {};
    const isDoubtful = connector?.validate !== undefined && needsValidation(secret, descriptor, now);
    return !isDoubtful && isFresh(secret, descriptor, now, minTtlSeconds);
  }

  /** A working token set for the row, refreshed if that is due. */
  refresh({ id }: Pick<StoredSecret, 'id'>, need: Need = {}): Promise<TokenSet> {
    return this.flights.run(JSON.stringify([id, need]), () => this.renew(id, need));
  }

  /** An answer of a provider that is on its way is waited for: it may hold a refresh token that comes only once. */
  async beforeApplicationShutdown(): Promise<void> {
    this.ending = true;
    await this.flights.settled();
    await this.answers.settled();
    await this.chronicle.settled();
  }

  private async renew(id: string, need: Need): Promise<TokenSet> {
    const giveUpAt = this.clock.ticks() + PATIENCE_MILLISECONDS;
    let tried: Tried | undefined;
    for (;;) {
      const secret = await this.secrets.findById(id);
      if (!secret) throw notStored();
      const held = this.answers.peek(secret, need.refused);
      if (held) return held;
      const now = this.clock.ticks();
      if (!tried || !isSameAttempt(secret, tried.secret) || now >= tried.at + TRY_AGAIN_MILLISECONDS) {
        const tokenSet = await this.settle(secret, need);
        if (tokenSet) return tokenSet;
        tried = { secret, at: now };
      }
      if (now > giveUpAt) return this.inTheEnd(secret);
      await this.signals.wait(id);
    }
  }

  /** Others have been asking for too long. */
  private inTheEnd(secret: StoredSecret): Promise<TokenSet> {
    if (!isExpired(secret, this.clock.now())) return this.sealer.open(secret);
    throw new LatchkeyError('connector.provider_timeout', 'Others have been asking for too long.');
  }

  /** A token set, or nothing where somebody else is about to write one. */
  private async settle(secret: StoredSecret, need: Need): Promise<TokenSet | undefined> {
    if (secret.state !== 'active') throw this.reauthorization.required(secret);
    const held = await this.sealer.open(secret);
    const isRefused = need.refused === digest(held.accessToken.reveal());
    if (!isRefused && this.isFresh(secret, { ...need, refused: undefined })) return held;
    const isOver = isExpired(secret, this.clock.now());
    const { connectorId } = secret;
    const configured = isOver
      ? await this.connectors.get(connectorId)
      : await this.connectors.find(connectorId);
    const task = configured && taskFor(configured, secret, held);
    if (!task) return isOver ? this.refusals.giveUp(secret, 'no_refresh_token') : held;

    const waitSeconds = this.waitSeconds(secret);
    if (waitSeconds > 0) return this.without(secret, held, waitSeconds);
    const isBegun = secret.attemptId !== null;
    if (!isBegun) this.circuits.asking(connectorId);
    const attempt = await this.lease.claim(secret);
    if (attempt && isBegun) this.circuits.asking(connectorId);
    if (attempt) return this.lease.during(attempt, () => this.ask({ ...task, attempt, held, need }));
    if (!isBegun) this.circuits.notAsked(connectorId);
    return isRefused || isOver || need.minTtlSeconds !== undefined ? undefined : held;
  }

  private async ask(work: Work): Promise<TokenSet | undefined> {
    const { secret } = work.attempt;
    if (!work.isRepeatable && secret.unanswered >= ATTEMPTS_TO_LOSE)
      return this.refusals.giveUp(rowOf(work.attempt), 'rotation_response_lost');
    if (!(await this.lease.outlastsOthers(work.attempt))) return undefined;
    let answer: TokenSet | undefined;
    try {
      answer = await work.run();
      this.circuits.answered(secret);
    } catch (error) {
      this.circuits.answered(secret, error);
      return this.refusals.settle(work, error);
    }
    if (!answer) return this.confirm(work);
    return this.keep(work, answer).catch((error: unknown) => this.refusals.settle(work, error));
  }

  /** What the provider has granted is handed out whether or not it can be written down. */
  private async keep({ attempt, held }: Work, answer: TokenSet): Promise<TokenSet | undefined> {
    const { secret } = attempt;
    const known = { ...held, obtainedAt: secret.obtainedAt };
    const merged = mergeTokenSets(known, answer, this.clock.now());
    const fate = await this.answers.keep(attempt, merged, held.refreshToken);
    this.signals.send(secret.id);
    if (fate === 'superseded') return undefined;
    this.chronicle.refreshed(secret);
    return merged;
  }

  /** The provider has nothing against the token. Nothing where it was revoked or removed meanwhile. */
  private async confirm({ attempt, held }: Work): Promise<TokenSet | undefined> {
    const { secret } = attempt;
    const validatedAt = this.clock.now();
    const changes = { ...NO_ATTEMPT, unanswered: 0, failures: 0, retryAt: null, validatedAt };
    const isWritten = await this.chronicle.change(secret, changes, (...write) =>
      this.secrets.note(rowOf(attempt), ...write),
    );
    this.signals.send(secret.id);
    return isWritten ? held : undefined;
  }

  /**
   * For how long nobody is to ask: after failures of this row, or of the whole provider, or because we are leaving. Whoever
   * waits for what another one has begun asks nobody.
   */
  private waitSeconds({ retryAt, connectorId, attemptId }: StoredSecret): number {
    const backOff = retryAt === null ? 0 : retryAt - this.clock.now();
    const circuit = attemptId === null ? this.circuits.waitSeconds(connectorId) : 0;
    return Math.max(backOff, circuit, this.ending ? 1 : 0);
  }

  private without(secret: StoredSecret, held: TokenSet, retryAfterSeconds: number): TokenSet {
    if (!isExpired(secret, this.clock.now())) return held;
    throw new LatchkeyError('connector.provider_unavailable', 'The provider has a problem.', {
      retryAfterSeconds,
    });
  }
}

/** The row as it was when somebody else was found to be asking. */
interface Tried {
  readonly secret: StoredSecret;
  /** By {@link Clock.ticks}. */
  readonly at: number;
}

/** Whether nothing has become of the attempt that was under way in the former row. */
const isSameAttempt = (row: StoredSecret, former: StoredSecret): boolean =>
  row.attemptId !== null &&
  row.attemptId === former.attemptId &&
  row.version === former.version &&
  row.state === former.state;

/** Logto's answer where nothing is stored. */
export const notStored = (): LatchkeyError =>
  new LatchkeyError('secrets.third_party_token_set.token_not_found', 'Token record not found.');
