import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CommonModule } from '../common/common.module.js';
import { ConfigurationError } from '../config/configuration.error.js';
import { KeyChecks } from './key-checks.js';
import { KeyEncryption } from './key-encryption.js';
import { KeyRecord } from './key-record.entity.js';
import { Keyring } from './keyring.js';
import { RotationLease } from './rotation/rotation-lease.js';
import { RotationProgress } from './rotation/rotation-progress.js';
import { RotationState } from './rotation/rotation-state.entity.js';
import { Rotation } from './rotation/rotation.js';
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

/**
 * The key-encryption keys, the only service that encrypts, and the rotation of everything that is sealed in the
 * application's data source, which it needs. Global: imported once, by the application.
 */
@Module({
  imports: [CommonModule, TypeOrmModule.forFeature([KeyRecord, RotationState])],
  providers: [
    {
      provide: KeyEncryption,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: ({ keys }: SealingModuleOptions) => keysOf(keys),
    },
    Sealer,
    KeyChecks,
    Rotation,
    RotationProgress,
    RotationLease,
  ],
  exports: [Sealer, Rotation, RotationProgress],
})
export class SealingModule extends ConfigurableModuleClass {}

function keysOf(keys: SealingModuleOptions['keys'] | undefined): KeyEncryption {
  if (keys instanceof KeyEncryption) return keys;
  if (typeof keys === 'string') return Keyring.parse(keys, 'SealingModule');
  throw new ConfigurationError('SealingModule: keys are required');
}
