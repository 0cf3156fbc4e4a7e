import { Controller, Get, UseGuards, type CanActivate, type Type } from '@nestjs/common';
import {
  AccessTokenGuard,
  CurrentAccessToken,
  CurrentOrganization,
  CurrentUser,
  OptionalAuth,
  OptionalUser,
  Organization,
  OrganizationScopes,
  Public,
  Roles,
  Scopes,
  SessionGuard,
  SessionOrAccessTokenGuard,
  type AccessToken,
} from '../../src/index.js';
import { AURORA, HARBOUR } from './tokens.js';

/** One route for each thing that a decorator may demand. */
abstract class Routes {
  @Get('plain')
  plain(@OptionalUser() user?: CurrentUser, @CurrentAccessToken() token?: AccessToken) {
    return { email: user?.email, id: user?.id, client: token?.clientId, kind: token?.kind };
  }

  @Get('person')
  person(@CurrentUser() user: CurrentUser) {
    return { id: user.id, email: user.email };
  }

  @Get('documents')
  @Scopes('read:documents')
  documents() {
    return {};
  }

  @Get('organizations/:organizationId')
  @Organization()
  organization(@CurrentOrganization() organization: string) {
    return { organization };
  }

  @Get('organization')
  @Organization({ from: 'token' })
  own(@CurrentOrganization() organization: string) {
    return { organization };
  }

  @Get('teams/:team')
  @Organization('team')
  team(@CurrentOrganization() organization: string) {
    return { organization };
  }

  @Get('organizations/:organizationId/members')
  @OrganizationScopes('invite:member')
  members(@CurrentOrganization() organization: string) {
    return { organization };
  }

  @Get('organizations/:organizationId/documents')
  @Organization()
  @Scopes('write:documents')
  organizationDocuments(@CurrentOrganization() organization: string) {
    return { organization };
  }

  @Get('support')
  @Roles('support', 'manager')
  support() {
    return {};
  }

  @Get('public')
  @Public()
  public() {
    return {};
  }

  @Get('optional')
  @OptionalAuth()
  optional(@OptionalUser() user?: CurrentUser) {
    return { email: user?.email };
  }

  @Get('optional/documents')
  @OptionalAuth()
  @Scopes('read:documents')
  optionalDocuments() {
    return {};
  }
}

export const guards = {
  session: SessionGuard,
  token: AccessTokenGuard,
  either: SessionOrAccessTokenGuard,
} satisfies Record<string, Type<CanActivate>>;

export type Door = keyof typeof guards;

/** The same routes behind each guard: `/session/plain`, `/token/plain`, `/either/plain`. */
export const controllers: Type[] = (Object.keys(guards) as Door[]).map(behind);

function behind(door: Door): Type {
  @Controller(door)
  @UseGuards(guards[door])
  class Guarded extends Routes {}
  return Guarded;
}

/** What class and method demand adds up. */
@Controller('archive')
@UseGuards(SessionOrAccessTokenGuard)
@Scopes('read:documents')
export class ArchiveController {
  @Get()
  read() {
    return {};
  }

  @Get('write')
  @Scopes('write:documents', 'read:customers')
  write() {
    return {};
  }

  @Get('public')
  @Public()
  public() {
    return {};
  }
}

/** The columns of every table of who may go where. */
export const COLUMNS = [
  'plain',
  'documents',
  `organizations/${AURORA}`,
  `organizations/${HARBOUR}`,
  'organization',
  `organizations/${AURORA}/members`,
  `organizations/${HARBOUR}/members`,
  `organizations/${AURORA}/documents`,
  `organizations/${HARBOUR}/documents`,
  'support',
  'public',
  'optional',
  'optional/documents',
] as const;
