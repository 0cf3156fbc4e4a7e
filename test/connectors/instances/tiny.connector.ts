import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  Connector,
  type Authorization,
  type AuthorizationRequest,
  type ConnectorInstance,
} from '../../../src/connectors/connector.js';

const config = z.object({ clientId: z.string(), clientSecret: z.string(), page: z.string().optional() });

type Config = z.output<typeof config>;

/** A connector of an application's own, with which nobody ever signs in. */
@Injectable()
export class TinyConnector extends Connector<Config> {
  override readonly descriptor: Connector['descriptor'] = {
    id: 'tiny-universal',
    target: 'tiny',
    name: 'Tiny',
    refreshMarginSeconds: 17,
  };

  override readonly configSchema = config;

  override authorizationUrl(
    { config: { clientId } }: ConnectorInstance<Config>,
    { state }: AuthorizationRequest,
  ): Promise<URL> {
    return Promise.resolve(new URL(`https://tiny.example.com/?client_id=${clientId}&state=${state}`));
  }

  override exchange(): Promise<Authorization> {
    return Promise.reject(new Error('nobody signs in'));
  }

  override formOrigins(): Iterable<string> {
    return [];
  }
}

/** Another one, of no provider in particular. */
@Injectable()
export class StandardConnector extends TinyConnector {
  override readonly descriptor = {
    id: 'standard',
    target: 'standard',
    name: 'Standard',
    isStandard: true,
    refreshMarginSeconds: 0,
  };
}
