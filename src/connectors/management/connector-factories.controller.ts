import { Controller, Get, Header, Param, UseGuards } from '@nestjs/common';
import { LatchkeyError } from '../../common/errors.js';
import { ManagementGuard } from '../../common/management.guard.js';
import { ConnectorKinds } from '../instances/connector-kinds.js';
import { factoryAnswer, type ConnectorFactoryAnswer } from './answers.js';

/** The registered kinds of connector, at Logto's paths. */
@Controller('api/connector-factories')
@UseGuards(ManagementGuard)
export class ConnectorFactoriesController {
  constructor(private readonly kinds: ConnectorKinds) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  list(): ConnectorFactoryAnswer[] {
    return this.kinds.list().map(factoryAnswer);
  }

  @Get(':id')
  @Header('Cache-Control', 'no-store')
  get(@Param('id') id: string): ConnectorFactoryAnswer {
    const connector = this.kinds.find(id);
    if (connector) return factoryAnswer(connector);
    throw new LatchkeyError('entity.not_found', 'The resource does not exist.');
  }
}
