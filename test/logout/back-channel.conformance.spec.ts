import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Verdicts } from '../auth/verdicts.js';
import { SessionStage, type Visitor } from '../sessions/session-stage.js';
import { platforms } from '../support/backend.js';
import type { UnsignedToken } from '../support/hostile-issuer-keys.js';
import { ENDS, logoutTokens, REFUSED } from './cases/logout-token.cases.js';

const verdicts = new Verdicts();

afterAll(() => verdicts.print());

describe.each(platforms)('the back-channel logout on %s', (platform) => {
  let stage: SessionStage;

  beforeAll(async () => {
    stage = await SessionStage.open({ platform });
  });

  afterAll(() => stage.close());

  const address = () => `${stage.backend.url}/auth/backchannel-logout`;
  const form = (token: string) => new URLSearchParams({ logout_token: token });
  const post = (body: RequestInit['body'], headers: Record<string, string> = {}) =>
    fetch(address(), { method: 'POST', body, headers });

  async function verdictOf(answer: Response, visitor: Visitor): Promise<string> {
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const text = await answer.text();
    const { code = '' } = (text ? JSON.parse(text) : {}) as { code?: string };
    const fate = (await stage.isSignedIn(visitor)) ? 'session lives' : 'session over';
    return `${answer.status}${code && ` ${code}`}, ${fate}`;
  }

  const copyOf = ({ header, claims }: UnsignedToken): UnsignedToken => ({
    header: { ...header },
    claims: { ...claims },
  });

  it.each(logoutTokens)('$guarantee ($id)', async ({ id, guarantee, make, expected }) => {
    const visitor = await stage.signIn();
    const good = stage.issuer.logoutToken({ sub: visitor.sub, sid: visitor.sid });
    const token = await make(copyOf(good), (unsigned) => stage.issuer.sign(unsigned));
    const seen = await verdictOf(await post(form(token)), visitor);
    verdicts.add(`${id} ${guarantee}`, platform, expected, seen);
    expect(seen).toBe(expected);
    if (token.length > 10) expect(stage.backend.logs.join('\n')).not.toContain(token);
    if (expected === ENDS) return;
    // What was refused was refused for its fault: the same token without it does its work.
    expect(await verdictOf(await post(form(await stage.issuer.sign(good))), visitor)).toBe(ENDS);
  });

  const JSON_TYPE = { 'content-type': 'application/json' };
  const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

  it.each([
    ['an object', (token: string) => post(`logout_token[token]=${token}`, FORM_TYPE), [REFUSED]],
    [
      'a token that is sent twice',
      (token: string) => post(`logout_token=${token}&logout_token=${token}`, FORM_TYPE),
      [REFUSED],
    ],
    ['a body that is missing', () => post(undefined), [REFUSED]],
    ['a form that is empty', () => post('', FORM_TYPE), [REFUSED]],
    ['another field', (token: string) => post(`token=${token}`, FORM_TYPE), [REFUSED]],
    [
      'a field of the prototype',
      (token: string) => post(`__proto__[logout_token]=${token}`, FORM_TYPE),
      [REFUSED],
    ],
    ['JSON that is null', () => post('null', JSON_TYPE), [REFUSED, '400 request.400, session lives']],
    ['JSON that is a list', (token: string) => post(JSON.stringify([token]), JSON_TYPE), [REFUSED]],
    [
      'an object in JSON',
      (token: string) => post(JSON.stringify({ logout_token: { token } }), JSON_TYPE),
      [REFUSED],
    ],
    [
      'plain text',
      (token: string) => post(`logout_token=${token}`, { 'content-type': 'text/plain' }),
      [REFUSED],
    ],
    [
      'a body of 1 MiB',
      (token: string) => post(`logout_token=${token}&x=${'x'.repeat(1024 * 1024)}`, FORM_TYPE),
      ['413 request.413, session lives'],
    ],
    [
      'a token in the query',
      (token: string) => fetch(`${address()}?logout_token=${token}`, { method: 'POST' }),
      [REFUSED],
    ],
    [
      'a GET request',
      (token: string) => fetch(`${address()}?logout_token=${token}`),
      ['404 request.404, session lives'],
    ],
  ])('ends nothing by %s, even with a good token', async (what, send, expected) => {
    const visitor = await stage.signIn();
    const token = await stage.issuer.sign(stage.issuer.logoutToken({ sub: visitor.sub, sid: visitor.sid }));
    const seen = await verdictOf(await send(token), visitor);
    verdicts.add(`form ${what}`, platform, expected.join(' or '), seen);
    expect(expected).toContain(seen);
    expect(await verdictOf(await post(form(token)), visitor)).toBe(ENDS);
  });
});
