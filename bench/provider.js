/**
 * A Logto (`/oidc`) and a Google (`/google`) that know everybody, on loopback. They count the time that they spend, so
 * that it can be taken off. The code that a person brings back says who they are: see {@link codeFor}.
 */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { URLSearchParams } from 'node:url';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export const client = { id: 'bench', secret: 'worth nothing: a secret of the bench' };

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (value) => JSON.parse(Buffer.from(value, 'base64url').toString());

/** What the provider gives the browser of this person, in the answer to this authorization request. */
export const codeFor = (subject, authorizationUrl) =>
  encode({ subject, nonce: new URL(authorizationUrl).searchParams.get('nonce') });

export async function startProvider() {
  const { privateKey, publicKey } = await generateKeyPair('ES384');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES384', use: 'sig' };
  const provider = { spentMilliseconds: 0 };
  const server = createServer(async (request, response) => {
    const startedAt = performance.now();
    const { pathname: path } = new URL(request.url, provider.url);
    const issuer = `${provider.url}/${path.split('/')[1]}`;
    const body = await answer({ path, issuer, request, privateKey, jwk });
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    provider.spentMilliseconds += performance.now() - startedAt;
  }).listen(0, 'localhost');
  await once(server, 'listening');
  provider.url = `http://localhost:${server.address().port}`;
  provider.accessToken = (audience) => accessToken(provider.url, privateKey, audience);
  provider.stop = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return provider;
}

async function answer({ path, issuer, request, privateKey, jwk }) {
  if (path.endsWith('/openid-configuration')) return metadata(issuer);
  if (path.endsWith('/jwks')) return { keys: [jwk] };
  if (path.endsWith('/me')) return profile(decode(request.headers.authorization.split(' ')[1]).subject);
  return tokens(issuer, privateKey, new URLSearchParams(await text(request)));
}

/** As Logto signs one for an API. */
const accessToken = (url, privateKey, audience) =>
  new SignJWT({ client_id: client.id, scope: 'identities read:documents write:documents', jti: 'bench' })
    .setProtectedHeader({ alg: 'ES384', kid: 'bench', typ: 'at+jwt' })
    .setIssuer(`${url}/oidc`)
    .setAudience(audience)
    .setSubject('reader')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);

const metadata = (issuer) => ({
  issuer,
  authorization_endpoint: `${issuer}/auth`,
  token_endpoint: `${issuer}/token`,
  userinfo_endpoint: `${issuer}/me`,
  jwks_uri: `${issuer}/jwks`,
});

const profile = (subject) => ({
  sub: subject,
  name: `Person ${subject}`,
  email: `${subject}@example.test`,
  email_verified: true,
});

async function tokens(issuer, privateKey, form) {
  const { subject, nonce } = decode(form.get('code'));
  const idToken = await new SignJWT({ ...profile(subject), nonce })
    .setProtectedHeader({ alg: 'ES384', kid: 'bench' })
    .setIssuer(issuer)
    .setAudience(client.id)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
  return {
    access_token: encode({ subject, padding: 'x'.repeat(80) }),
    refresh_token: encode({ subject, padding: 'y'.repeat(80) }),
    id_token: idToken,
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'openid profile email',
  };
}
