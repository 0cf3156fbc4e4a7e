import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  Headers,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  Res,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { z } from 'zod';
import { ManagementGuard } from '../../common/management.guard.js';
import { tellRevocation } from '../../common/revocation-outcome.js';
import { SchemaPipe } from '../../common/schema.pipe.js';
import { ConnectorInstances, type TokensEnded } from '../instances/connector-instances.js';
import type { InstanceChanges, NewInstance } from '../instances/instance-drafts.js';
import type { InstanceRecord } from '../instances/instance-record.js';
import { connectorAnswer, type ConnectorAnswer } from './answers.js';
import { connectorsQuery, instanceChanges, newInstance, testedConfig } from './bodies.js';
import { DryRun, type DryRunAnswer } from './dry-run.js';
import { EntityTags, versionTest } from './entity-tags.js';
import { Audited } from './management-audit.js';

/** Connector instances, at the paths and in the form of Logto's Management API. */
@Controller('api/connectors')
@UseGuards(ManagementGuard)
@UsePipes(SchemaPipe)
export class ConnectorsController {
  constructor(
    private readonly instances: ConnectorInstances,
    private readonly dryRun: DryRun,
    private readonly tags: EntityTags,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  async list(
    @Query({ schema: connectorsQuery }) { target }: z.output<typeof connectorsQuery>,
  ): Promise<ConnectorAnswer[]> {
    const records = await this.instances.list();
    return records.filter((record) => target === undefined || record.target === target).map(connectorAnswer);
  }

  @Get(':id')
  @Header('Cache-Control', 'no-store')
  async get(
    @Param('id') id: string,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<ConnectorAnswer> {
    return this.answer(response, await this.instances.get(id));
  }

  @Post()
  @Audited('connector.created')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async create(
    @Body({ schema: newInstance }) wanted: NewInstance,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<ConnectorAnswer> {
    return this.answer(response, await this.instances.create(wanted));
  }

  @Patch(':id')
  @Audited('connector.updated')
  @Header('Cache-Control', 'no-store')
  async update(
    @Param('id') id: string,
    @Body({ schema: instanceChanges }) changes: InstanceChanges,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<ConnectorAnswer> {
    const record = await this.instances.update(id, changes, versionTest(ifMatch));
    this.tell(response, record);
    return this.answer(response, record);
  }

  @Delete(':id')
  @Audited('connector.deleted')
  @HttpCode(204)
  async remove(
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<void> {
    this.tell(response, await this.instances.remove(id, versionTest(ifMatch)));
  }

  /** Tries an instance, with the configuration of the body where there is one, and changes nothing. */
  @Post(':id/test')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  test(
    @Param('id') id: string,
    @Body({ schema: testedConfig }) tested: z.output<typeof testedConfig>,
  ): Promise<DryRunAnswer> {
    return this.dryRun.run(id, tested?.config);
  }

  /** There may be thousands of grants, so nobody waits for the first. */
  private tell(response: unknown, { grantsToEnd }: TokensEnded): void {
    if (grantsToEnd > 0) tellRevocation(this.host, response, 'pending');
  }

  private answer(response: unknown, record: InstanceRecord): ConnectorAnswer {
    this.tags.set(response, record);
    return connectorAnswer(record);
  }
}
