import type { AuditFacts } from './audit-entry.entity.js';
import { factsOf, type AuditEvent } from './facts.js';

interface Note {
  readonly event: AuditEvent;
  readonly at: number;
  /** How often it was noted. */
  times: number;
}

/**
 * What waits in memory to be written, up to a bound. What is the same as another one of the same second is counted with
 * it, so that a busy reader makes one row and not thousands. What comes beyond the bound is counted too, and the count
 * waits along.
 */
export class NoteBuffer {
  private readonly notes: Note[] = [];
  /** Those that can still be counted up, by what they say. */
  private readonly open = new Map<string, Note>();
  private lost?: Note;

  constructor(private readonly bound: number) {}

  get size(): number {
    return this.notes.length;
  }

  /** False when the note is the first of several that are lost. */
  add(event: AuditEvent, at: number): boolean {
    const saying = `${at} ${JSON.stringify(event)}`;
    const same = this.open.get(saying) ?? (this.notes.length < this.bound ? undefined : this.lost);
    if (same) return (same.times += 1) > 0;
    const isLost = this.notes.length >= this.bound;
    const note = { event: isLost ? LOST : event, at, times: 1 };
    this.notes.push(note);
    if (isLost) this.lost = note;
    else this.open.set(saying, note);
    return !isLost;
  }

  /** The oldest ones. They stay until they are dropped, and are not changed any more. */
  oldest(limit: number): AuditFacts[] {
    this.open.clear();
    const notes = this.notes.slice(0, limit);
    if (this.lost && notes.includes(this.lost)) this.lost = undefined;
    return notes.map(({ event, at, times }) => factsOf({ ...event, count: countOf(event, times) }, at));
  }

  drop(number: number): void {
    this.notes.splice(0, number);
  }
}

const LOST: AuditEvent = { event: 'audit.notes_lost', outcome: 'failed' };

const countOf = (event: AuditEvent, times: number): number | null | undefined =>
  event === LOST || times > 1 ? times : event.count;
