import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, LessThanOrEqual, type Repository } from 'typeorm';
import { z } from 'zod';
import { Clock, systemSeconds } from '../../common/clock.js';
import { LatchkeyError } from '../../common/errors.js';
import { digest } from '../../common/random.js';
import { isUniqueViolation } from '../../common/unique-violation.js';
import { protocolId as name } from '../../connectors/profile.js';
import { AUTH_OPTIONS, type AuthModuleOptions } from '../auth.options.js';
import { Sessions } from '../session/sessions.js';
import { LogtoSessions } from './logto-sessions.js';
import { Logto } from './logto.js';
import { UsedLogoutToken } from './used-logout-token.entity.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const MAXIMUM_AGE_SECONDS = 10 * 60;
const FUTURE_TOLERANCE_SECONDS = 60;

/** OpenID Connect Back-Channel Logout 1.0, 2.4: one event, a session or a person or both, and never a nonce. */
const logoutToken = z
  .object({
    iss: name,
    aud: z.union([z.string(), z.tuple([z.string()])]),
    iat: z.number(),
    jti: name,
    sub: name.optional(),
    sid: name.optional(),
    events: z.object({ [EVENT]: z.record(z.string(), z.unknown()) }),
    nonce: z.undefined().optional(),
  })
  .refine(({ sub, sid }) => sub !== undefined || sid !== undefined);

type LogoutToken = z.output<typeof logoutToken>;

/**
 * Ends our sessions when Logto says that its own has ended (OpenID Connect Back-Channel Logout 1.0): by its session,
 * or all of a person. A token works once. Nothing is acknowledged before the sessions are gone.
 */
@Injectable()
export class BackChannelLogout {
  private readonly used: Repository<UsedLogoutToken>;

  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: AuthModuleOptions,
    @InjectDataSource() dataSource: DataSource,
    private readonly logto: Logto,
    private readonly sessions: Sessions,
    private readonly logtoSessions: LogtoSessions,
    private readonly clock: Clock,
  ) {
    this.used = dataSource.getRepository(UsedLogoutToken);
  }

  /** Rejects with `auth.logout_token_invalid`, with `connector.*` where Logto's keys cannot be had, or as the database does. */
  async accept(token: unknown): Promise<void> {
    const { iss: issuer, sub: subject, sid, jti } = await this.verify(token);
    const id = digest(JSON.stringify([issuer, jti]));
    if (await this.used.existsBy({ id })) throw refused();
    await this.sessions.end(await this.logtoSessions.idsOf({ issuer, subject, sid }));
    await this.remember(id);
  }

  private async verify(token: unknown): Promise<LogoutToken> {
    if (typeof token !== 'string') throw refused();
    const { appId: audience } = this.options.logto;
    const { payload, protectedHeader } = await this.logto.relyingParty.verify(token, { audience }, refused);
    const { success, data } = logoutToken.safeParse(payload);
    if (!success || !isLogoutType(protectedHeader.typ) || !isRecent(data.iat)) throw refused();
    return data;
  }

  /** As long as the token could pass for a new one. */
  private async remember(id: string): Promise<void> {
    const now = this.clock.now();
    const expiresAt = now + 2 * MAXIMUM_AGE_SECONDS;
    await this.used.delete({ expiresAt: LessThanOrEqual(now) });
    await this.used.insert({ id, expiresAt }).catch((error: unknown) => {
      if (!isUniqueViolation(error)) throw error;
    });
  }
}

/** Its own kind of JWT where the issuer says of which kind it is (RFC 8725 3.11). */
const isLogoutType = (type: string | undefined): boolean =>
  type === undefined || /^((application\/)?logout\+jwt|jwt)$/i.test(type);

function isRecent(issuedAt: number): boolean {
  const age = systemSeconds() - issuedAt;
  return age <= MAXIMUM_AGE_SECONDS && age >= -FUTURE_TOLERANCE_SECONDS;
}

const refused = (cause?: unknown): LatchkeyError =>
  new LatchkeyError('auth.logout_token_invalid', 'This is no logout token for us, or it has been used.', {
    cause,
  });
