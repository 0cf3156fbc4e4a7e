import { CompactSign, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import type { ProviderAnswer, ProviderRequest } from '../../../src/conformance/subject.js';
import { objectOf, printable } from './readings.js';

/** An issuer that signs whatever is made of its claims. */
export class Issuer {
  /** Makes other claims of the good ones before they are signed. */
  change?: (text: string) => Buffer;
  private nonce = '';
  private signed = '';

  private constructor(
    private readonly key: CryptoKey,
    private readonly jwk: object,
    private readonly url: string,
    private readonly audience: string,
    private readonly claims: object,
  ) {}

  static async create(url: string, audience: string, claims: object): Promise<Issuer> {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' };
    return new Issuer(privateKey, jwk, url, audience, claims);
  }

  async answer({ url, round }: ProviderRequest): Promise<ProviderAnswer | undefined> {
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return { json: this.metadata };
      case '/keys':
        return { json: { keys: [this.jwk] } };
      case '/userinfo':
        return { json: { ...this.claims, phone_number: '+49301234567' } };
      case '/token':
        return { json: { ...TOKEN, id_token: await this.idToken(round.nonce) } };
      default:
        return undefined;
    }
  }

  /** Of whom the last ID token speaks: to us, in our round trip, and of one person (OpenID Connect Core 3.1.3.7, 2). */
  whoIs(): string | undefined {
    const { iss, aud, nonce, exp, sub } = objectOf(this.signed) ?? {};
    const isForUs = iss === this.url && [aud].flat().join() === this.audience && nonce === this.nonce;
    return isForUs && Number(exp) > Date.now() / 1000 - 60 ? printable(sub) : undefined;
  }

  private async idToken(nonce: string): Promise<string> {
    const iat = Math.floor(Date.now() / 1000);
    const protocol = { iss: this.url, aud: this.audience, iat, exp: iat + 300, nonce };
    const text = JSON.stringify({ ...protocol, ...this.claims });
    const payload = this.change?.(text) ?? Buffer.from(text);
    [this.nonce, this.signed] = [nonce, new TextDecoder().decode(payload)];
    return new CompactSign(new Uint8Array(payload))
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .sign(this.key);
  }

  private get metadata() {
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      jwks_uri: `${this.url}/keys`,
      userinfo_endpoint: `${this.url}/userinfo`,
      revocation_endpoint: `${this.url}/revoke`,
      response_types_supported: ['code'],
      id_token_signing_alg_values_supported: ['ES256'],
    };
  }
}

const TOKEN = {
  access_token: 'access0token',
  refresh_token: 'refresh0token',
  token_type: 'Bearer',
  expires_in: 3600,
  scope: 'openid email profile',
};
