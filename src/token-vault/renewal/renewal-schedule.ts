import { Injectable } from '@nestjs/common';
import { ConnectorRegistry } from '../../connectors/connector.registry.js';
import type { StoredSecret } from '../stored-secret.entity.js';
import { renewAtOf } from './renewal-time.js';

/** When token sets are to be renewed, by what their connectors say of themselves. */
@Injectable()
export class RenewalSchedule {
  constructor(private readonly connectors: ConnectorRegistry) {}

  /** Another one each time, within the same limits. For a connector that nobody knows at this moment, null. */
  renewAtOf(secret: Omit<StoredSecret, 'sealed'>): number | null {
    const descriptor = this.connectors.peek(secret.connectorId)?.connector.descriptor;
    return descriptor ? renewAtOf(secret, descriptor) : null;
  }
}
