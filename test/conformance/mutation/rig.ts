import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { newRound, openStage, type CreateApplication, type Stage } from '../../../src/conformance/stage.js';
import { CODE } from '../../../src/conformance/subject.js';
import { HttpClient } from '../../../src/common/http-client.js';
import type { ConnectorInstance, ProviderIdentity } from '../../../src/connectors/connector.js';
import { fastifyAdapter } from '../../../src/operations/fastify.js';
import { mutateAnswer, mutateText, type Answer } from './answers.js';
import type { Random } from './random.js';
import { objectOf } from './readings.js';
import type { MutationSubject } from './subjects.js';

/** What came of a round trip. */
export type Ending = { readonly identity: ProviderIdentity } | { readonly error: unknown };

interface Served {
  readonly status: number;
  readonly text: string;
}

/** An application with one connector, and everything between it and the answers of its provider. */
export class Rig {
  /** What was answered in the last round trip, by path. */
  readonly served = new Map<string, Served>();
  private interfere: (path: string, text: string) => Answer | undefined = () => undefined;
  private steps: readonly string[] = [];
  private exchanges = 0;

  private constructor(
    readonly stage: Stage,
    readonly under: MutationSubject,
    readonly dataSource: DataSource,
  ) {}

  static async open(under: MutationSubject): Promise<Rig> {
    const stage = await openStage(under.subject, createApplication);
    const rig = new Rig(stage, under, stage.app.get(DataSource));
    await rig.dataSource.query('PRAGMA synchronous = OFF');
    Object.assign(stage.app.get(HttpClient), { fetch: rig.fetch, guarded: () => rig.fetch });
    return rig;
  }

  close(): Promise<void> {
    return this.stage.close();
  }

  /** Learns what is asked when all is well. */
  async learn(): Promise<Ending> {
    this.restore();
    const ending = await this.exchange();
    this.steps = [...this.served.keys()];
    return ending;
  }

  /** All is well again. */
  restore(): void {
    this.served.clear();
    this.stage.provider.reset();
    this.interfere = () => undefined;
    if (this.under.issuer) this.under.issuer.change = undefined;
  }

  /** The answers of one step are others from now on, or those of several; or what is signed. */
  mutate(random: Random): void {
    this.restore();
    const { issuer } = this.under;
    if (issuer && random.chance(35)) return void (issuer.change = (text) => mutateText(text, random));
    const step = random.pick(this.steps);
    const isAll = random.chance(15);
    this.interfere = (path, text) =>
      path === step || (isAll && random.chance(50)) ? mutateAnswer(text, random) : undefined;
  }

  /** A round trip without a browser; nothing that an earlier one has learnt is known to it. */
  async exchange(): Promise<Ending> {
    const { connector } = this.stage.configured;
    const instance: ConnectorInstance = {
      ...this.stage.configured.instance,
      id: `c${(this.exchanges += 1)}`,
    };
    const round = newRound(this.stage);
    try {
      await connector.authorizationUrl(instance, round);
      const parameters = new URLSearchParams({ code: CODE, state: round.state });
      return { identity: (await connector.exchange(instance, { ...round, parameters })).identity };
    } catch (error) {
      return { error };
    }
  }

  /** The subject of whoever may have been recognised in the last round trip. */
  get expected(): string | undefined {
    return this.under.whoIs((path) => {
      const { status, text } = this.served.get(path) ?? { status: 0, text: '' };
      return status === 200 ? objectOf(text) : undefined;
    });
  }

  private readonly fetch = async (address: string | URL, init?: RequestInit): Promise<Response> => {
    const response = await this.stage.provider.fetch(address, init);
    const { pathname } = new URL(address);
    const [status, text] = [response.status, await response.text()];
    const good = { status, contentType: 'application/json', body: Buffer.from(text) };
    const answer = this.interfere(pathname, text) ?? good;
    this.served.set(pathname, { status: answer.status, text: new TextDecoder().decode(answer.body) });
    const headers = answer.contentType === undefined ? undefined : { 'content-type': answer.contentType };
    return new Response(new Uint8Array(answer.body), { status: answer.status, headers });
  };
}

const createApplication: CreateApplication = (module) =>
  NestFactory.create(module, fastifyAdapter(), {
    logger: false,
    abortOnError: false,
    forceCloseConnections: true,
  });
