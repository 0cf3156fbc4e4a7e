import type { JWTPayload } from 'jose';
import type { HostileIssuer } from '../support/hostile-issuer.js';
import {
  signed,
  signingKey,
  type SigningAlgorithm,
  type UnsignedToken,
} from '../support/hostile-issuer-keys.js';
import { API } from './tokens.js';

/** What a token says otherwise than a good one; `undefined` takes the claim or the member of the header away. */
export interface Changes {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
}

/** Makes access tokens in the name of an issuer, which need not be as they should be. */
export class Forger {
  constructor(
    private readonly issuer: HostileIssuer,
    private readonly algorithm: SigningAlgorithm = 'ES384',
    private readonly keyName = 'first',
  ) {}

  /** As Logto makes them, but for the changes. */
  async token(changes: Changes = {}): Promise<string> {
    const { privateKey } = await this.key();
    const { header, claims } = await this.unsigned(changes);
    return signed({ header }, claims, privateKey);
  }

  async unsigned({ claims, header }: Changes = {}): Promise<UnsignedToken> {
    const { algorithm: alg, kid } = await this.key();
    return {
      header: { alg, typ: 'at+jwt', kid, ...header },
      claims: { ...goodClaims(this.issuer.url), ...claims },
    };
  }

  key() {
    return signingKey(this.algorithm, this.keyName);
  }
}

function goodClaims(iss: string): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss,
    sub: 'a-person',
    aud: API,
    client_id: 'a-client',
    scope: 'read:documents',
    iat: now,
    exp: now + 3600,
  };
}
