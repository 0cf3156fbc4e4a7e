import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  AccessTokenGuard,
  CurrentOrganization,
  OptionalAuth,
  Organization,
  OrganizationScopes,
  Public,
  Scopes,
} from '../../src/index.js';
import { Browser } from '../support/browser.js';
import { startSandboxedApplication, type SandboxedApplication } from '../importing/application.js';
import { API, AURORA, HARBOUR, MOBILE, SCOPES, TokensOfLogto } from './tokens.js';

/** Whose author has not noticed that the decorator looks for another parameter. */
@Controller('teams/:teamId')
@UseGuards(AccessTokenGuard)
class MisnamedController {
  @Get('members')
  @OrganizationScopes('read:members')
  members(@CurrentOrganization() organizationId: string) {
    return { organizationId };
  }

  @Get()
  @Organization()
  team(@CurrentOrganization() organizationId: string) {
    return { organizationId };
  }
}

@Controller('shop')
@UseGuards(AccessTokenGuard)
@Public()
class OpenController {
  @Get()
  window() {
    return { open: true };
  }

  @Get('till')
  @Scopes('read:documents')
  till() {
    return { open: false };
  }

  @Get('office/:organizationId')
  @Organization()
  office() {
    return { open: false };
  }

  @Get('door')
  @OptionalAuth()
  door() {
    return { open: true };
  }
}

@Controller('archive')
@UseGuards(AccessTokenGuard)
@Scopes('read:documents')
class ClosedController {
  @Get()
  shelf() {
    return { open: false };
  }

  @Get('catalogue')
  @Public()
  catalogue() {
    return { open: true };
  }

  @Get('contradiction')
  @Public()
  @Scopes('write:documents')
  contradiction() {
    return { open: false };
  }
}

describe('what a route demands', () => {
  let application: SandboxedApplication;
  let tokens: TokensOfLogto;

  beforeAll(async () => {
    application = await startSandboxedApplication({
      logto: { audience: API, scopes: SCOPES },
      sandbox: { clients: [MOBILE] },
      controllers: [MisnamedController, OpenController, ClosedController],
    });
    tokens = await TokensOfLogto.of(application.sandbox);
  });

  afterAll(() => application.close());

  const statusOf = async (path: string, token?: string) => {
    const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
    return (await new Browser().json(`${application.url}/${path}`, { headers })).status;
  };

  it('of an organisation by a parameter that the route does not have, nobody fulfils', async () => {
    const token = await tokens.organization('alice', AURORA);
    for (const id of [AURORA, HARBOUR])
      expect([await statusOf(`teams/${id}/members`, token), await statusOf(`teams/${id}`, token)]).toEqual([
        403, 403,
      ]);
  });

  it('by its method holds although its class is public', async () => {
    const paths = ['shop', 'shop/door', 'shop/till', `shop/office/${AURORA}`];
    const forStrangers = await Promise.all(paths.map((path) => statusOf(path)));
    expect(forStrangers).toEqual([200, 200, 401, 401]);
    expect(await statusOf('shop/till', await tokens.api('alice'))).toBe(200);
    expect(await statusOf('shop/till', await tokens.api('noor'))).toBe(403);
  });

  it('by its class is lifted by a public method, unless the method demands something itself', async () => {
    const paths = ['archive', 'archive/catalogue', 'archive/contradiction'];
    expect(await Promise.all(paths.map((path) => statusOf(path)))).toEqual([401, 200, 401]);
  });
});
