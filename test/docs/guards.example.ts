import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  AccessTokenGuard,
  CurrentOrganization,
  CurrentUser,
  LogtoClient,
  OrganizationScopes,
  Scopes,
  SessionGuard,
  SessionOrAccessTokenGuard,
} from '../../src/index.js';

/** For browsers and for API clients: by session, or by an access token of Logto's. */
@Controller('documents')
@UseGuards(SessionOrAccessTokenGuard)
export class DocumentsController {
  @Get()
  @Scopes('read:documents')
  list(@CurrentUser() user: CurrentUser) {
    return { documentsOf: user.id };
  }
}

/** For API clients alone, within an organisation: the token has to be for the one in the path. */
@Controller('organizations/:organizationId/members')
@UseGuards(AccessTokenGuard)
export class MembersController {
  @Get()
  @OrganizationScopes('read:members')
  list(@CurrentOrganization() organizationId: string) {
    return { membersOf: organizationId };
  }
}

/** Calls another API in the name of whoever is signed in. */
@Controller('invoices')
@UseGuards(SessionGuard)
export class InvoicesController {
  constructor(private readonly logto: LogtoClient) {}

  @Get()
  async list() {
    const token = await this.logto.getAccessToken('https://billing.example.com');
    const headers = { authorization: `Bearer ${token.reveal()}` };
    return (await fetch('https://billing.example.com/invoices', { headers })).json();
  }
}
