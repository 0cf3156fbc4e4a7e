import { Injectable } from '@nestjs/common';
import { ConfigurationError } from '../../config/configuration.error.js';
import type { Connector } from '../connector.js';

/** Every registered connector by its descriptor's id. Modules add theirs while the application is put together. */
@Injectable()
export class ConnectorKinds {
  private readonly kinds = new Map<string, Connector>();

  /** Throws {@link ConfigurationError} for an id that is taken. */
  add(connectors: readonly Connector[]): void {
    for (const connector of connectors) {
      const { id } = connector.descriptor;
      if (this.kinds.has(id)) throw new ConfigurationError(`two connectors have the descriptor id "${id}"`);
      this.kinds.set(id, connector);
    }
  }

  find(id: string): Connector | undefined {
    return this.kinds.get(id);
  }

  list(): Connector[] {
    return [...this.kinds.values()];
  }
}
