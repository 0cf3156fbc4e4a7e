import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ConnectorInstances } from '../connectors/instances/connector-instances.js';
import { Revocations } from './leaving/revocations.js';

/** Ends the grants of an instance that is deleted, leads elsewhere, or stores no tokens any more, in the same transaction. */
@Injectable()
export class EndingTokens implements OnModuleInit {
  constructor(
    private readonly instances: ConnectorInstances,
    private readonly revocations: Revocations,
  ) {}

  onModuleInit(): void {
    this.instances.beforeTokensEnd((manager, instanceId, former) =>
      this.revocations.takeOf(manager, instanceId, former),
    );
  }
}
