import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  Connector,
  LatchkeyError,
  Secret,
  type Authorization,
  type AuthorizationCallback,
  type AuthorizationRequest,
  type ConnectorInstance,
  type ProviderIdentity,
  type TokenSet,
} from '../../src/index.js';

export interface FakeGrant {
  readonly identity: ProviderIdentity;
  readonly accessToken?: string;
  readonly refreshToken?: string;
  readonly scope?: readonly string[];
}

/** A provider without a network: its codes say whom they are good for, once. */
@Injectable()
export class FakeConnector extends Connector<Record<string, never>> {
  readonly descriptor = {
    id: 'fake',
    target: 'fake',
    name: 'Fake',
    isStandard: true,
    refreshMarginSeconds: 60,
  } as const;

  readonly configSchema = z.object({});

  /** Access tokens whose grant was ended. */
  readonly revoked: string[] = [];
  readonly revokedFor: ConnectorInstance[] = [];
  /** Make {@link revoke} fail, and keep it waiting. */
  isDown = false;
  refusal?: LatchkeyError;
  delay?: Promise<void>;
  readonly requests: AuthorizationRequest[] = [];
  private readonly grants = new Map<string, FakeGrant>();

  /** A code for this grant. */
  grant(grant: FakeGrant): string {
    const code = `code-${this.grants.size}`;
    this.grants.set(code, grant);
    return code;
  }

  authorizationUrl(instance: ConnectorInstance, request: AuthorizationRequest): Promise<URL> {
    this.requests.push(request);
    const { state, redirectUri, scope = [] } = request;
    const query = { state, redirect_uri: redirectUri, scope: ['basic', ...scope].join(' ') };
    return Promise.resolve(
      new URL(`https://${instance.target}.test/authorize?${new URLSearchParams(query).toString()}`),
    );
  }

  exchange(_: ConnectorInstance, { parameters, state }: AuthorizationCallback): Promise<Authorization> {
    const code = parameters.get('code') ?? '';
    const grant = this.grants.get(code);
    this.grants.delete(code);
    if (parameters.get('state') !== state) throw new LatchkeyError('auth.state_invalid', 'another state');
    if (parameters.has('error')) throw new LatchkeyError('auth.access_denied', 'cancelled');
    if (!grant) throw new LatchkeyError('connector.social_auth_code_invalid', 'no such code');
    const { identity, accessToken, refreshToken, scope } = grant;
    if (accessToken === undefined) return Promise.resolve({ identity });
    const tokenSet = {
      accessToken: new Secret(accessToken),
      refreshToken: refreshToken === undefined ? undefined : new Secret(refreshToken),
      tokenType: 'Bearer',
      scope,
    };
    return Promise.resolve({ identity, tokenSet });
  }

  override async revoke(instance: ConnectorInstance, { accessToken }: TokenSet): Promise<void> {
    this.revoked.push(accessToken.reveal());
    this.revokedFor.push(instance);
    await this.delay;
    if (this.refusal) throw this.refusal;
    if (this.isDown) throw new LatchkeyError('connector.provider_unavailable', 'away');
  }

  formOrigins({ target }: ConnectorInstance): Iterable<string> {
    return [`https://${target}.test`];
  }
}
