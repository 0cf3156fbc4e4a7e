import {
  CompactEncrypt,
  CompactSign,
  exportJWK,
  generateKeyPair,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose';

export type SigningAlgorithm = 'ES384' | 'ES256' | 'RS256';

export interface SigningKey {
  readonly algorithm: SigningAlgorithm;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  /** As a key set publishes it. */
  readonly jwk: JWK;
}

/** A JWT before it is signed. */
export interface UnsignedToken {
  readonly header: Record<string, unknown>;
  readonly claims: JWTPayload;
}

const keys = new Map<string, Promise<SigningKey>>();

/** One key for each algorithm and name, made once in a process: making an RSA key takes a while. */
export function signingKey(algorithm: SigningAlgorithm, name = 'first'): Promise<SigningKey> {
  const kid = `${algorithm.toLowerCase()}-${name}`;
  const known = keys.get(kid) ?? generate(algorithm, kid);
  keys.set(kid, known);
  return known;
}

async function generate(algorithm: SigningAlgorithm, kid: string): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: algorithm };
  return { algorithm, kid, privateKey, jwk };
}

/** Signs any payload, `null` and arrays too. */
export function signed(
  { header }: Pick<UnsignedToken, 'header'>,
  payload: unknown,
  key: CryptoKey | Uint8Array,
): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ ...header, alg: String(header['alg']) })
    .sign(key);
}

/** Signed by another key than the issuer's, and saying so or not. */
export async function signedByAnother(
  token: UnsignedToken,
  key: SigningKey,
  kid = token.header['kid'],
): Promise<string> {
  return signed({ header: { ...token.header, alg: key.algorithm, kid } }, token.claims, key.privateKey);
}

/** HS256 with a secret that both sides know: algorithm confusion. */
export const signedWithSecret = ({ header, claims }: UnsignedToken, secret: string): Promise<string> =>
  signed({ header: { ...header, alg: 'HS256' } }, claims, new TextEncoder().encode(secret));

/** `alg: none`, with an empty signature (RFC 7519 6.1). */
export const unsigned = ({ header, claims }: UnsignedToken): string =>
  `${encode({ ...header, alg: 'none' })}.${encode(claims)}.`;

/** Put into a JWE (RFC 7516) for a key that nobody else has. */
export async function encrypted(token: string, alg: 'ECDH-ES+A256KW' | 'dir'): Promise<string> {
  const key = alg === 'dir' ? new Uint8Array(32) : (await generateKeyPair(alg)).publicKey;
  return new CompactEncrypt(new TextEncoder().encode(token))
    .setProtectedHeader({ alg, enc: 'A256GCM', cty: 'JWT' })
    .encrypt(key);
}

/** The same token with one character of its signature changed. */
export function withBrokenSignature(token: string): string {
  const [header, claims, signature = ''] = token.split('.');
  return `${header}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
