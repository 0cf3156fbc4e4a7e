import { Controller, Delete, Get, Header, HttpCode, Param, Query, Req, Res, UseGuards } from '@nestjs/common';
import { LatchkeyError } from '../../common/errors.js';
import { SessionGuard, type RequestWithSession } from './session.guard.js';
import type { SessionRecord } from './session.store.js';
import { Sessions, type CurrentSession } from './sessions.js';

/** Times are seconds since the epoch. */
export interface SessionAnswer {
  readonly id: string;
  /** Whether the request came with it. */
  readonly current: boolean;
  readonly user_agent: string | null;
  readonly created_at: number;
  /** To the minute. */
  readonly last_seen_at: number;
  readonly expires_at: number;
}

/**
 * Where one is signed in, and how to end that. A page of another site cannot send `DELETE`, so these routes need no
 * form's proof.
 */
@Controller('api/my-account/sessions')
@UseGuards(SessionGuard)
export class SessionsController {
  constructor(private readonly sessions: Sessions) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  async list(@Req() request: RequestWithSession): Promise<{ sessions: SessionAnswer[] }> {
    const { id, userId } = currentOf(request);
    const sessions = await this.sessions.ofUser(userId);
    return { sessions: sessions.map((record) => answerOf(record, id)) };
  }

  /** Signs out everywhere: all sessions of the user, or with `?others=true` all but this one. */
  @Delete()
  @HttpCode(204)
  async endAll(
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
    @Query('others') others?: unknown,
  ): Promise<void> {
    if (others !== undefined && others !== 'true')
      throw new LatchkeyError('auth.parameter_invalid', 'The parameter `others` is `true` or absent.');
    await this.sessions.endOthers(currentOf(request));
    if (others !== 'true') await this.endCurrent(request, response);
  }

  /** Somebody else's session is answered like one that does not exist. */
  @Delete(':id')
  @HttpCode(204)
  async end(
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
    @Param('id') id: string,
  ): Promise<void> {
    const current = currentOf(request);
    if (id === current.id) return this.endCurrent(request, response);
    await this.sessions.endOwn(current.userId, id);
  }

  private async endCurrent(request: RequestWithSession, response: unknown): Promise<void> {
    await this.sessions.end([currentOf(request).id]);
    this.sessions.clearCookie(response);
  }
}

function currentOf({ latchkeySession: session }: RequestWithSession): CurrentSession {
  if (session) return session;
  throw new LatchkeyError('auth.unauthorized', 'Sign in first.');
}

const answerOf = (record: SessionRecord, currentId: string): SessionAnswer => ({
  id: record.id,
  current: record.id === currentId,
  user_agent: record.userAgent,
  created_at: record.createdAt,
  last_seen_at: record.lastSeenAt,
  expires_at: record.expiresAt,
});
