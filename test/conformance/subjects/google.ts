import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { GoogleConnector } from '../../../src/connectors/providers/google.connector.js';
import type { ConformanceSubject, ProviderAnswer, ProviderRequest } from '../../../src/testing.js';

const ISSUER = 'https://accounts.google.com';
const CLIENT_ID = 'conformance.apps.example.test';

/** An issuer of ID tokens in a few lines: whose answers, by path, are these. */
export async function issuerOf(issuer: string, clientId: string, claims: JWTPayload) {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' };
  const idToken = (nonce: string): Promise<string> =>
    new SignJWT({ ...claims, ...(nonce && { nonce }) })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setIssuer(issuer)
      .setAudience(clientId)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
  const metadata = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    userinfo_endpoint: `${issuer}/userinfo`,
    revocation_endpoint: `${issuer}/revoke`,
  };
  return async ({ url, round }: ProviderRequest): Promise<ProviderAnswer | undefined> => {
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return { json: metadata };
      case '/keys':
        return { json: { keys: [jwk] } };
      case '/revoke':
        return { json: {} };
      case '/userinfo':
        return { json: claims };
      case '/token':
        return {
          json: {
            access_token: 'conformance0access',
            token_type: 'Bearer',
            expires_in: 3599,
            scope: 'openid email profile',
            id_token: await idToken(round.nonce),
          },
        };
      default:
        return undefined;
    }
  };
}

export const google: ConformanceSubject = {
  connector: GoogleConnector,
  instance: {
    connectorId: 'google-universal',
    config: { clientId: CLIENT_ID, clientSecret: 'google0secret' },
    enableTokenStorage: true,
  },
  provider: await issuerOf(ISSUER, CLIENT_ID, {
    sub: '104251876093517284601',
    name: 'Ada',
    email: 'ada@gmail.com',
    email_verified: true,
    picture: 'https://pictures.example.test/ada',
  }),
  identity: {
    issuer: ISSUER,
    subject: '104251876093517284601',
    name: 'Ada',
    email: 'ada@gmail.com',
    emailVerified: true,
    emailAuthoritative: true,
    avatar: 'https://pictures.example.test/ada',
  },
};
