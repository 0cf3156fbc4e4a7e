import { Controller, Get, Header, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ManagementGuard } from '../../common/management.guard.js';
import { Audited } from '../../connectors/management/management-audit.js';
import { RotationProgress, type RotationReport } from '../../sealing/rotation/rotation-progress.js';
import { Rotation } from '../../sealing/rotation/rotation.js';

/** The rotation of key-encryption keys, for administrators. */
@Controller('api/vault/rotation')
@UseGuards(ManagementGuard)
export class RotationController {
  constructor(
    private readonly rotation: Rotation,
    private readonly progress: RotationProgress,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  read(): Promise<RotationReport> {
    return this.progress.read();
  }

  /** Where one is going on already, that is the one. */
  @Post()
  @Audited('vault.rotation_started')
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  async start(): Promise<RotationReport> {
    await this.rotation.start();
    return this.progress.read();
  }
}
