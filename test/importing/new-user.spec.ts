import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { AccessTokenGuard, anyOf, Public, SessionOrAccessTokenGuard } from '../../src/index.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { signInThroughLogto, startSandboxed } from '../support/sandboxed.js';
import { API, MOBILE, SCOPES, TokensOfLogto } from '../guards/tokens.js';
import { startSandboxedApplication, type SandboxedApplication } from './application.js';

@Injectable()
class OfficeGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string>; user?: object }>();
    if (request.headers['x-office'] !== 'ours') throw new UnauthorizedException();
    request.user = { id: 'the office', emailVerified: false };
    return true;
  }
}

@Controller('desk')
class DeskController {
  @Get()
  work() {
    return { done: true };
  }

  @Get('open')
  @Public()
  open() {
    return { open: true };
  }

  @Get('by-token')
  @UseGuards(AccessTokenGuard)
  byToken() {
    return { done: true };
  }
}

let application: SandboxedApplication;
afterEach(() => application.close());

const statusOf = async (path: string, headers: Record<string, string> = {}, browser = new Browser()) =>
  (await browser.json(`${application.url}${path}`, { headers })).status;

describe('a global guard', () => {
  it.each([
    ['of the application’s own, which knows nothing of @Public', OfficeGuard, [200, 401, 401]],
    ['that is one of several', anyOf(SessionOrAccessTokenGuard, OfficeGuard), [200, 401, 200]],
  ])('may be one %s', async (_, globalGuard, expected) => {
    application = await startSandboxedApplication({ auth: { globalGuard }, controllers: [DeskController] });
    const seen = [
      await statusOf('/desk', { 'x-office': 'ours' }),
      await statusOf('/desk'),
      await statusOf('/desk/open'),
    ];
    expect(seen).toEqual(expected);
  });
});

describe.each(platforms)('on %s', (platform) => {
  it('a page of somebody else’s making signs out with the proof that it has fetched', async () => {
    application = await startSandboxedApplication({ platform });
    const browser = new Browser();
    await signInThroughLogto(browser, application);
    const post = (headers: Record<string, string>) =>
      browser.request(`${application.url}/auth/sign-out`, { method: 'POST', headers });
    expect((await post({})).status).toBe(403);
    expect(await statusOf('/api/csrf-token')).toBe(401);
    const { body, headers } = await browser.json(`${application.url}/api/csrf-token`);
    expect(headers.get('cache-control')).toBe('no-store');
    expect((await post({ 'x-csrf-token': String(body['csrf_token']) })).status).toBe(303);
    expect(await statusOf('/api/me', {}, browser)).toBe(401);
  });

  it('an access token on a route for sessions is told so', async () => {
    const auth = { globalGuard: SessionOrAccessTokenGuard };
    const logto = { audience: API, scopes: SCOPES };
    application = await startSandboxedApplication({ platform, auth, logto, sandbox: { clients: [MOBILE] } });
    const token = await (await TokensOfLogto.of(application.sandbox)).api('alice');
    const headers = { authorization: `Bearer ${token}` };
    const answer = await new Browser().json(`${application.url}/api/my-account/sessions`, { headers });
    expect([answer.status, answer.body['code']]).toEqual([403, 'auth.forbidden']);
    expect(await statusOf('/api/me', headers)).toBe(200);
  });

  it('“sign out everywhere” asks what is meant by a parameter that it does not know', async () => {
    application = await startSandboxedApplication({ platform });
    const browser = new Browser();
    await signInThroughLogto(browser, application);
    const path = `${application.url}/api/my-account/sessions?others=1`;
    expect(await browser.json(path, { method: 'DELETE' })).toMatchObject({
      status: 400,
      body: { code: 'auth.parameter_invalid' },
    });
    expect(await statusOf('/api/me', {}, browser)).toBe(200);
  });

  it('an access token stays good while the sandbox lets hours pass, as it does at the sandbox', async () => {
    const logto = { audience: API, scopes: SCOPES };
    application = await startSandboxedApplication({ platform, logto, sandbox: { clients: [MOBILE] } });
    application.sandbox.advance(5 * 3600);
    const token = await (await TokensOfLogto.of(application.sandbox)).api('alice');
    expect(await statusOf('/api/me', { authorization: `Bearer ${token}` })).toBe(200);
  });
});

describe('the vault', () => {
  it('names the address where a person renews a grant, though nobody has told it', async () => {
    const stage = await startSandboxed();
    application = { close: () => stage.close() } as SandboxedApplication;
    const browser = new Browser();
    const page = await browser.open(`${stage.backend.url}/auth/social/google`);
    let next = await page.press('persona', 'alice');
    while (next.html.includes('name="allow"')) next = await next.press('allow');
    stage.sandbox.revokeGoogleGrants('alice');
    stage.sandbox.advance(3600);
    const path = `${stage.backend.url}/api/my-account/identities/google/access-token`;
    expect(await browser.json(path)).toMatchObject({
      status: 409,
      body: { data: { authorization_url: `${stage.backend.url}/auth/social/google/reauthorize` } },
    });
  });
});
