import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { EventEmitter2, EventEmitterReadinessWatcher } from '@nestjs/event-emitter';
import type { EventName, Occurrence } from './event.js';

/** A listener that takes longer has been told all the same. */
const PATIENCE_MILLISECONDS = 5_000;

type Listener = (...parameters: unknown[]) => unknown;

/** Those of the application, where it has imported Nest's `EventEmitterModule`: `@OnEvent('TokenSet.Deleted')`. */
@Injectable()
export class Listeners implements OnModuleInit {
  private readonly logger = new Logger(Listeners.name);
  private emitter?: EventEmitter2;
  private readiness?: EventEmitterReadinessWatcher;

  constructor(private readonly modules: ModuleRef) {}

  async onModuleInit(): Promise<void> {
    const nest = await import('@nestjs/event-emitter').catch(absent);
    if (!nest) return;
    this.emitter = this.find(nest.EventEmitter2);
    this.readiness = this.find(nest.EventEmitterReadinessWatcher);
  }

  /** Resolves once those that stand in the application's classes are known. */
  async ready(): Promise<void> {
    await this.readiness?.waitUntilReady();
  }

  hear(event: EventName): boolean {
    return Boolean(this.emitter?.hasListeners(event)) || this.ofAll().length > 0;
  }

  /** Waits for them for five seconds. One that throws is logged and concerns nobody else; it is not told again. */
  async tell(occurrence: Occurrence): Promise<void> {
    const { event } = occurrence;
    const calls = [
      ...(this.emitter?.listeners(event) ?? []).map((listener) => () => (listener as Listener)(occurrence)),
      ...this.ofAll().map((listener) => () => listener(event, occurrence)),
    ];
    if (calls.length === 0) return;
    await withinPatience(Promise.all(calls.map((call) => this.attempt(event, call))));
  }

  private ofAll(): readonly Listener[] {
    return (this.emitter?.listenersAny() ?? []) as Listener[];
  }

  private async attempt(event: EventName, call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.logger.error(`A listener of ${event} failed`, error instanceof Error ? error.stack : undefined);
    }
  }

  /** Nest has no question that may be answered with nothing. */
  private find<Provided>(token: new (...parameters: never[]) => Provided): Provided | undefined {
    try {
      return this.modules.get(token, { strict: false });
    } catch {
      return undefined;
    }
  }
}

/** An application need not have the package. */
function absent(error: unknown): undefined {
  if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
}

async function withinPatience(told: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE_MILLISECONDS)));
  await Promise.race([told, over]);
  clearTimeout(timer);
}
