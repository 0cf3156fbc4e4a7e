import { Injectable, Logger } from '@nestjs/common';
import { retryDelaySeconds } from '../common/back-off.js';
import { Clock } from '../common/clock.js';
import { isLatchkeyError, type ErrorCode } from '../common/errors.js';
import type { StoredSecret } from './stored-secret.entity.js';

/** So many token sets that fail in a row are no accident of one of them. */
const FAILURES_TO_OPEN = 5;
const LONGEST_OPEN_SECONDS = 60;

/** What says that the provider is not there, and nothing of the grant that it was asked about. */
const OUTAGES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'connector.provider_unavailable',
  'connector.provider_timeout',
  'connector.rate_limited',
  'connector.invalid_response',
]);

interface Circuit {
  /** Whose refreshes failed until it was opened. */
  readonly failing: Set<string>;
  failures: number;
  /** Nobody asks before. By {@link Clock.ticks}. */
  openUntil: number;
  /** Whether somebody has asked since it was opened. What was asked before fails too, and says nothing new. */
  isProbed: boolean;
}

/**
 * Leaves a provider alone that is down: after failures of a few token sets of a connector instance, and no success between
 * them, only one request in a while is let through as a probe, and the first success lets all through again. A token set
 * that fails again and again is one, and keeps nobody from theirs. One per process.
 */
@Injectable()
export class Circuits {
  private readonly logger = new Logger(Circuits.name);
  private readonly circuits = new Map<string, Circuit>();

  constructor(private readonly clock: Clock) {}

  /** Seconds for which the provider is left alone; 0 where it may be asked. Changes nothing. */
  waitSeconds(connectorId: string): number {
    const circuit = this.circuits.get(connectorId);
    return circuit ? Math.max(0, Math.ceil((circuit.openUntil - this.clock.ticks()) / 1000)) : 0;
  }

  /** How many may ask at this moment: none, one as a probe, or any number. */
  room(connectorId: string): number {
    const failures = this.circuits.get(connectorId)?.failures ?? 0;
    if (failures < FAILURES_TO_OPEN) return Infinity;
    return this.waitSeconds(connectorId) > 0 ? 0 : 1;
  }

  /** Whoever asks now is the probe: others wait for what becomes of it. */
  asking(connectorId: string): void {
    const circuit = this.circuits.get(connectorId);
    if (!circuit || circuit.failures < FAILURES_TO_OPEN) return;
    circuit.openUntil = this.clock.ticks() + this.pauseMilliseconds(circuit);
    circuit.isProbed = true;
  }

  /** Whoever was asking has asked nothing: the next one is the probe. */
  notAsked(connectorId: string): void {
    const circuit = this.circuits.get(connectorId);
    if (!circuit?.isProbed) return;
    circuit.openUntil = this.clock.ticks();
    circuit.isProbed = false;
  }

  /** A refusal is an answer: whoever refuses is there. */
  answered({ id, connectorId }: Pick<StoredSecret, 'id' | 'connectorId'>, error?: unknown): void {
    if (!isLatchkeyError(error) || !OUTAGES.has(error.code)) {
      this.circuits.delete(connectorId);
      return;
    }
    const circuit = this.circuits.get(connectorId) ?? newCircuit();
    this.circuits.set(connectorId, circuit);
    const isOpen = circuit.failures >= FAILURES_TO_OPEN;
    if (isOpen ? !circuit.isProbed : circuit.failing.has(id)) return;
    if (!isOpen) circuit.failing.add(id);
    circuit.failures += 1;
    circuit.isProbed = false;
    if (circuit.failures < FAILURES_TO_OPEN) return;
    circuit.openUntil = this.clock.ticks() + this.pauseMilliseconds(circuit);
    if (circuit.failures === FAILURES_TO_OPEN)
      this.logger.warn(`${connectorId} is down: it is asked now and then only, until it answers again`);
  }

  private pauseMilliseconds({ failures }: Circuit): number {
    return 1000 * Math.min(LONGEST_OPEN_SECONDS, retryDelaySeconds(failures - FAILURES_TO_OPEN));
  }
}

const newCircuit = (): Circuit => ({
  failing: new Set(),
  failures: 0,
  openUntil: -Infinity,
  isProbed: false,
});
