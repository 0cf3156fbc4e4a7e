import type { FastifyInstance } from 'fastify';
import type { Provider } from 'oidc-provider';
import type { SandboxClient } from '../clients.js';
import type { Dialect } from '../dialect.js';
import { requirePersona } from '../personas.js';
import { newKey, type State } from '../state.js';
import type { LogtoBehaviour } from './configuration.js';
import { loadOidcProvider, type OidcProviderModule } from './load-oidc-provider.js';
import { logtoProvider } from './logto-provider.js';
import { logtoRoutes } from './logto.routes.js';
import { tellClients } from './logout-notices.js';
import { consumedKeys, endGrant, idsOfAccount } from './records.js';
import { RefreshWatch } from './refresh-watch.js';

interface LogtoDialectOptions {
  readonly origin: string;
  readonly clients: readonly SandboxClient[];
  readonly state: State;
  readonly behaviour: LogtoBehaviour;
}

export const logtoDialect = async (options: LogtoDialectOptions): Promise<LogtoDialect> =>
  new LogtoDialect(options, await loadOidcProvider());

/** Logto in miniature, and what an administrator can do in its console. */
export class LogtoDialect implements Dialect {
  readonly endpoints = [
    '/oidc/token',
    '/oidc/jwks',
    '/oidc/me',
    '/oidc/.well-known/openid-configuration',
    '/oidc/token/revocation',
    '/oidc/auth',
  ];
  readonly refreshes: RefreshWatch;
  private readonly consumed: Set<string>;
  private current: Provider;

  constructor(
    private readonly options: LogtoDialectOptions,
    private readonly module: OidcProviderModule,
  ) {
    const { records } = this.saved;
    this.consumed = consumedKeys(records);
    this.refreshes = new RefreshWatch(records, this.consumed);
    this.current = this.newProvider();
  }

  get facts(): Dialect['facts'] {
    return [
      ['Issuer', `${this.options.origin}/oidc`],
      ['Discovery', '/oidc/.well-known/openid-configuration'],
    ];
  }

  routes(app: FastifyInstance): void {
    logtoRoutes(app, this);
  }

  /** Another one after each change of keys. */
  get provider(): Provider {
    return this.current;
  }

  /** The clients of the sessions are told. */
  async endSessions(personaId: string): Promise<void> {
    for (const id of this.idsOf(personaId, 'Session')) {
      const session = await this.provider.Session.find(id);
      if (session === undefined) continue;
      await tellClients(this.provider, session);
      await session.destroy();
    }
  }

  /** Nobody is told. */
  revokeGrantsOf(personaId: string): void {
    for (const id of this.idsOf(personaId, 'Grant')) endGrant(this.saved.records, id);
    this.options.state.changed();
  }

  /** Ends grants and sessions and lets the persona in no more. Nobody is told. */
  suspend(personaId: string): void {
    this.revokeGrantsOf(personaId);
    const { records, suspendedPersonas } = this.saved;
    for (const id of this.idsOf(personaId, 'Session')) records.delete(`Session:${id}`);
    if (!this.isSuspended(personaId)) suspendedPersonas.push(personaId);
    this.options.state.changed();
  }

  isSuspended(personaId: string): boolean {
    return this.saved.suspendedPersonas.includes(personaId);
  }

  /** oidc-provider keeps the keys that it was built with, and everything else in its records: so it is built anew. */
  async rotateKeys(): Promise<void> {
    const key = await newKey('ES384');
    this.saved.previousKey = this.saved.key;
    this.saved.key = key;
    this.current = this.newProvider();
    this.options.state.changed();
  }

  private newProvider(): Provider {
    const { origin, clients, state, behaviour } = this.options;
    const { consumed, refreshes } = this;
    const issuer = `${origin}/oidc`;
    return logtoProvider(this.module, { issuer, clients, state, behaviour, consumed, refreshes });
  }

  private idsOf(personaId: string, model: string): readonly string[] {
    return idsOfAccount(this.saved.records, model, requirePersona(personaId).logtoSubject);
  }

  private get saved(): State['saved']['logto'] {
    return this.options.state.saved.logto;
  }
}
