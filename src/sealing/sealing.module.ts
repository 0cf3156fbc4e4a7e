import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { ConfigurationError } from '../config/configuration.error.js';
import { KeyEncryption } from './key-encryption.js';
import { Keyring } from './keyring.js';
import { Sealer } from './sealer.js';

export interface SealingModuleOptions {
  /** Local keys as `id:base64,…`, the first encrypts; or an implementation that keeps the keys elsewhere. Required: `undefined` is refused at the start. */
  readonly keys: string | KeyEncryption | undefined;
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
      useFactory: ({ keys }: SealingModuleOptions) => keysOf(keys),
    },
    Sealer,
  ],
  exports: [Sealer],
})
export class SealingModule extends ConfigurableModuleClass {}

function keysOf(keys: SealingModuleOptions['keys'] | undefined): KeyEncryption {
  if (keys instanceof KeyEncryption) return keys;
  if (typeof keys === 'string') return Keyring.parse(keys, 'SealingModule');
  throw new ConfigurationError('SealingModule: keys are required');
}
