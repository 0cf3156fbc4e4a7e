import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ConnectorInstances } from '../connectors/instances/connector-instances.js';
import { SecretStore } from './secret.store.js';

/** Removes the token sets of an instance that is deleted, or that stores none any more, in the same transaction. */
@Injectable()
export class EndingTokens implements OnModuleInit {
  constructor(
    private readonly instances: ConnectorInstances,
    private readonly secrets: SecretStore,
  ) {}

  onModuleInit(): void {
    this.instances.beforeTokensEnd((manager, instanceId) => this.secrets.removeOf(manager, instanceId));
  }
}
