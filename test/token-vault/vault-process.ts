import 'reflect-metadata';
import type { LoggerService } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../../src/common/clock.js';
import { Secret } from '../../src/common/secret.js';
import type { TokenSet } from '../../src/connectors/token-set.js';
import { ConnectorsModule } from '../../src/connectors/connectors.module.js';
import { openDataSource } from '../../src/database/data-source.js';
import type { KeyEncryption } from '../../src/sealing/key-encryption.js';
import { RotationProgress, type RotationReport } from '../../src/sealing/rotation/rotation-progress.js';
import { Rotation } from '../../src/sealing/rotation/rotation.js';
import { SealingModule } from '../../src/sealing/sealing.module.js';
import { TokenVaultModule } from '../../src/token-vault/token-vault.module.js';
import { TokenVaultService } from '../../src/token-vault/token-vault.service.js';
import { PATIENCE_MILLISECONDS } from '../support/backend.js';

/** 32 bytes that are told apart by their first ones. */
export const keyOf = (name: string): string => Buffer.from(name.padEnd(32, '.')).toString('base64');

/** One process of an application that has the vault, and neither users nor sign-in. */
export interface VaultProcess {
  readonly vault: TokenVaultService;
  readonly rotation: Rotation;
  readonly clock: Clock;
  readonly dataSource: DataSource;
  readonly module: TestingModule;
  readonly logs: string[];
  progress(): Promise<RotationReport>;
  /** Keeps a token set for this user, whose access token says so. */
  keep(userId: string, changes?: Partial<TokenSet>): Promise<void>;
  /** The same for many, in one commit. */
  keepAll(userIds: readonly string[]): Promise<void>;
  read(userId: string): Promise<string>;
  close(): Promise<void>;
}

export const tokenOf = (userId: string): string => `token-of-${userId}`;

export async function startVault(databaseUrl: string, keys: string | KeyEncryption): Promise<VaultProcess> {
  const dataSource = await openDataSource(databaseUrl, PATIENCE_MILLISECONDS);
  const logs: string[] = [];
  try {
    const module = await Test.createTestingModule({
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
        SealingModule.forRoot({ keys }),
        ConnectorsModule.forRoot({ instances: [], controllers: false }),
        TokenVaultModule.forRoot({ controllers: false }),
      ],
    })
      .setLogger(recorder(logs))
      .compile();
    await module.init();
    return processOf(module, dataSource, logs);
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy();
    throw error;
  }
}

function processOf(module: TestingModule, dataSource: DataSource, logs: string[]): VaultProcess {
  const vault = module.get(TokenVaultService);
  return {
    vault,
    rotation: module.get(Rotation),
    clock: module.get(Clock),
    dataSource,
    module,
    logs,
    progress: () => module.get(RotationProgress).read(),
    keep: (userId, changes) =>
      dataSource.transaction((manager) =>
        vault.store(manager, ownerOf(userId), { ...tokenSetOf(userId), ...changes }),
      ),
    keepAll: (userIds) =>
      dataSource.transaction(async (manager) => {
        for (const userId of userIds) await vault.store(manager, ownerOf(userId), tokenSetOf(userId));
      }),
    read: async (userId) => (await vault.read(userId, 'google')).accessToken.reveal(),
    close: () => module.close(),
  };
}

export const ownerOf = (userId: string) => ({
  userId,
  connectorId: 'google',
  target: 'google',
  subject: `subject-of-${userId}`,
});

export const tokenSetOf = (userId: string): TokenSet => ({
  accessToken: new Secret(tokenOf(userId)),
  tokenType: 'Bearer',
  scope: ['email'],
});

function recorder(logs: string[]): LoggerService {
  const record = (...parts: unknown[]) => void logs.push(parts.map(String).join(' '));
  return { log: record, error: record, warn: record, debug: record, verbose: record, fatal: record };
}
