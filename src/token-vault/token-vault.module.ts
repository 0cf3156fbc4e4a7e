import { ConfigurableModuleBuilder, Module, type DynamicModule, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { CommonModule } from '../common/common.module.js';
import { Leases } from '../common/leases/leases.js';
import { mount } from '../common/mount.js';
import { EventsModule } from '../events/events.module.js';
import { HooksController } from '../events/webhooks/hooks.controller.js';
import { SecretsController } from './access/secrets.controller.js';
import { TokenGrant } from './access/token-grant.entity.js';
import { TokenGrantsController } from './access/token-grants.controller.js';
import { TokenGrants } from './access/token-grants.js';
import { TokenRetrievalController } from './access/token-retrieval.controller.js';
import { TokenRetrieval } from './access/token-retrieval.js';
import { TokenSetRemoval } from './access/token-set-removal.js';
import { TokenSetsController } from './access/token-sets.controller.js';
import { Chronicle } from './chronicle.js';
import { Circuits } from './circuits.js';
import { EndingTokens } from './ending-tokens.js';
import { ApiHosts } from './handlers/api-hosts.js';
import { VaultHttpService } from './handlers/vault-http.service.js';
import { LateAnswers } from './late-answers.js';
import { NotifiedTokens } from './leaving/notified-tokens.js';
import { DoubtedTokens } from './leaving/doubted-tokens.js';
import { EndingGrants } from './leaving/ending-grants.js';
import { Revocation } from './leaving/revocation.entity.js';
import { RevocationOutbox } from './leaving/revocation.outbox.js';
import { REVOCATION_TIMES, Revocations, revocationTimes } from './leaving/revocations.js';
import { GrantedScope } from './granted-scope.js';
import { OpenedTokenSets } from './opened-token-sets.js';
import { ProviderAnswers } from './provider-answers.js';
import { Reauthorization } from './reauthorization.js';
import { RefreshFailures } from './refresh-failures.js';
import { REFRESH_TIMES, RefreshLease, refreshTimes } from './refresh-lease.js';
import { RefreshSignals } from './refresh-signals.js';
import { Refresher } from './refresher.js';
import { Refusals } from './refusals.js';
import { LastUses } from './renewal/last-uses.js';
import { RenewalSchedule } from './renewal/renewal-schedule.js';
import { RENEWAL_TIMES, renewalTimes, RenewalWorker } from './renewal/renewal-worker.js';
import { RenewalStore } from './renewal/renewal.store.js';
import { Renewals } from './renewal/renewals.js';
import { StatusWatch } from './renewal/status-watch.js';
import { RotationController } from './rotation/rotation.controller.js';
import { SecretStore } from './secret.store.js';
import { StoredSecret } from './stored-secret.entity.js';
import { TokenSetSealer } from './token-set.sealer.js';
import { TokenSetWriter } from './token-set.writer.js';
import { TokenVaultController } from './token-vault.controller.js';
import { TOKEN_VAULT_OPTIONS, type TokenVaultModuleOptions } from './token-vault.options.js';
import { TokenVaultService } from './token-vault.service.js';

interface TokenVaultModuleExtras {
  /**
   * Whether the REST routes are served. They need a {@link USER_GUARD}, a {@link MANAGEMENT_GUARD}, and for programs that
   * read tokens a {@link MACHINE_GUARD}. Default: true.
   */
  readonly controllers: boolean;
  /** Where they are, before `my-account`, `users`, `token-grants` and `vault`; the same as `AuthModule`'s `paths.api`. Default: `api`. */
  readonly path: string;
}

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TokenVaultModuleOptions>({
  optionsInjectionToken: TOKEN_VAULT_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<TokenVaultModuleExtras>({ controllers: true, path: 'api' }, register)
  .build();

/** The vault. Needs `SealingModule` and `ConnectorsModule` in the application, and nothing of the other modules. */
@Module({
  imports: [
    CommonModule,
    EventsModule,
    AuditModule,
    TypeOrmModule.forFeature([StoredSecret, Revocation, TokenGrant]),
  ],
  providers: [
    TokenVaultService,
    Refresher,
    Refusals,
    RefreshLease,
    RefreshSignals,
    RefreshFailures,
    ProviderAnswers,
    LateAnswers,
    Circuits,
    OpenedTokenSets,
    GrantedScope,
    Chronicle,
    TokenSetWriter,
    Reauthorization,
    SecretStore,
    TokenSetSealer,
    EndingTokens,
    RevocationOutbox,
    EndingGrants,
    Revocations,
    DoubtedTokens,
    NotifiedTokens,
    TokenGrants,
    TokenRetrieval,
    TokenSetRemoval,
    ApiHosts,
    VaultHttpService,
    Leases,
    RenewalStore,
    RenewalSchedule,
    LastUses,
    Renewals,
    StatusWatch,
    RenewalWorker,
    { provide: REFRESH_TIMES, useValue: refreshTimes },
    { provide: RENEWAL_TIMES, useValue: renewalTimes },
    { provide: REVOCATION_TIMES, useValue: revocationTimes },
  ],
  exports: [TokenVaultService, VaultHttpService, TokenGrants, TokenSetRemoval, Revocations],
})
export class TokenVaultModule extends ConfigurableModuleClass {}

function register(definition: DynamicModule, { controllers, path }: TokenVaultModuleExtras): DynamicModule {
  return { ...definition, global: true, controllers: controllers ? controllersAt(path) : [] };
}

const controllersAt = (path: string): Type[] => [
  mount(`${path}/my-account/identities`, TokenVaultController),
  mount(`${path}/my-account`, TokenSetsController),
  mount(`${path}/users/:userId/identities/:target/access-token`, TokenRetrievalController),
  mount(`${path}/token-grants`, TokenGrantsController),
  mount(`${path}/secrets`, SecretsController),
  mount(`${path}/vault/rotation`, RotationController),
  mount(`${path}/hooks`, HooksController),
];
