import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { KeyEncryption } from './key-encryption.js';
import { Keyring } from './keyring.js';
import { Sealer } from './sealer.js';

export interface SealingModuleOptions {
  /** Local keys as `id:base64,…`, the first encrypts; or an implementation that keeps the keys elsewhere. */
  readonly keys: string | KeyEncryption;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<SealingModuleOptions>()
    .setClassMethodName('forRoot')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/** The key-encryption keys and the only service that encrypts. Global: imported once, by the application. */
@Module({
  providers: [
    {
      provide: KeyEncryption,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: ({ keys }: SealingModuleOptions) => (typeof keys === 'string' ? Keyring.parse(keys) : keys),
    },
    Sealer,
  ],
  exports: [Sealer],
})
export class SealingModule extends ConfigurableModuleClass {}
