import { ConfigurableModuleBuilder, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CommonModule } from '../common/common.module.js';
import { mount } from '../common/mount.js';
import { EndingTokens } from './ending-tokens.js';
import { RefreshFailures } from './refresh-failures.js';
import { Refresher } from './refresher.js';
import { SecretStore } from './secret.store.js';
import { StoredSecret } from './stored-secret.entity.js';
import { TokenSetSealer } from './token-set.sealer.js';
import { TokenVaultController } from './token-vault.controller.js';
import { TOKEN_VAULT_OPTIONS, type TokenVaultModuleOptions } from './token-vault.options.js';
import { TokenVaultService } from './token-vault.service.js';

interface TokenVaultModuleExtras {
  /** Whether the REST routes are served. They need a {@link USER_GUARD}. Default: true. */
  readonly controllers: boolean;
  /** Where they are, before `my-account/identities`; the same as `AuthModule`'s `paths.api`. Default: `api`. */
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
  imports: [CommonModule, TypeOrmModule.forFeature([StoredSecret])],
  providers: [TokenVaultService, Refresher, RefreshFailures, SecretStore, TokenSetSealer, EndingTokens],
  exports: [TokenVaultService],
})
export class TokenVaultModule extends ConfigurableModuleClass {}

function register(definition: DynamicModule, { controllers, path }: TokenVaultModuleExtras): DynamicModule {
  const served = mount(`${path}/my-account/identities`, TokenVaultController);
  return { ...definition, global: true, controllers: controllers ? [served] : [] };
}
