import { Controller, Get, Header, Req, UseGuards } from '@nestjs/common';
import { notSignedIn } from '../../common/current-user.js';
import { CsrfTokens } from './csrf.js';
import { SessionGuard, type RequestWithSession } from './session.guard.js';

/** The proof that a request is ours, for pages that are not made here; no page of another origin can read it. */
@Controller('api/csrf-token')
@UseGuards(SessionGuard)
export class CsrfController {
  constructor(private readonly tokens: CsrfTokens) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  token(@Req() { latchkeySession: session }: RequestWithSession): { csrf_token: string } {
    if (!session) throw notSignedIn();
    return { csrf_token: this.tokens.of(session) };
  }
}
