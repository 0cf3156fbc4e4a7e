import { TableColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { nullable, time } from './columns.js';

/** When a refresh token ends, where its provider says so. Of tokens that are held already nobody knows. */
export class RefreshTokenExpiry1764400000000 implements MigrationInterface {
  readonly name = 'RefreshTokenExpiry1764400000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumn('latchkey_secrets', new TableColumn(time('refresh_token_expires_at', nullable)));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropColumn('latchkey_secrets', 'refresh_token_expires_at');
  }
}
