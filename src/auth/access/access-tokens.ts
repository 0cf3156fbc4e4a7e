import { Inject, Injectable, Logger } from '@nestjs/common';
import { CLOCK_TOLERANCE_SECONDS } from '../../connectors/id-token.js';
import { Clock, systemSeconds } from '../../common/clock.js';
import type { CurrentUser } from '../../common/current-user.js';
import type { LatchkeyError } from '../../common/errors.js';
import { digest } from '../../common/random.js';
import { Remembered } from '../../common/remembered.js';
import { AUTH_OPTIONS, audiencesOf, type AuthModuleOptions } from '../auth.options.js';
import { Logto } from '../logto/logto.js';
import { UserSerializer } from '../session/user.serializer.js';
import { SignInService } from '../sign-in/sign-in.service.js';
import { accessTokenOf, type AccessToken } from './access-token.js';
import { invalidToken, isToken } from './bearer.js';

/** Tokens are remembered by their digest until they expire, an hour at most; their users for as long as sessions' are. */
const VERIFIED = { milliseconds: 60 * 60 * 1000, limit: 10_000 };
const USERS = { milliseconds: 500, limit: 50_000 };

/** A verified token, and our user behind it: none behind a program's, and none behind that of somebody new. */
export interface Recognised {
  readonly accessToken: AccessToken;
  readonly user?: CurrentUser;
}

/**
 * Logto's access tokens as they come from clients. One that has been verified is known again by its digest, so that
 * a hot token costs a hash and not a signature check; a change of Logto's keys makes all of them strangers again.
 */
@Injectable()
export class AccessTokens {
  private readonly verified: Remembered<AccessToken>;
  private readonly users: Remembered<CurrentUser>;
  private readonly audiences: readonly string[];
  private readonly logger = new Logger(AccessTokens.name);
  private edition = '';
  private warned = false;

  constructor(
    @Inject(AUTH_OPTIONS) options: AuthModuleOptions,
    private readonly logto: Logto,
    private readonly signIns: SignInService,
    private readonly serializer: UserSerializer,
    clock: Clock,
  ) {
    this.audiences = audiencesOf(options.logto);
    this.verified = new Remembered(clock, VERIFIED);
    this.users = new Remembered(clock, USERS);
  }

  /**
   * Verifies a token: signed by our Logto with an algorithm of the list, of type `at+jwt`, in time, and made for us or
   * for an organisation. Rejects with `auth.access_token_invalid`, or with `connector.*` where Logto's keys cannot be
   * had and the token is not known already.
   */
  async verify(token: string): Promise<AccessToken> {
    if (!isToken(token)) throw invalidToken();
    this.noticeNewKeys();
    const known = await this.verified.get(digest(token), () => this.judge(token));
    if (!known || this.isOver(known)) throw invalidToken();
    return known;
  }

  /** A token that is known, and whose it is, without waiting. */
  recall(token: string): Recognised | undefined {
    this.noticeNewKeys();
    const accessToken = this.verified.peek(digest(token));
    if (!accessToken || this.isOver(accessToken)) return undefined;
    const user = this.users.peek(accessToken.subject);
    return user || accessToken.isMachine ? { accessToken, user } : undefined;
  }

  /** Rejects as {@link verify} does, and with `auth.access_token_invalid` where the user is not let in (any more). */
  async recognise(token: string): Promise<Recognised> {
    const accessToken = await this.verify(token);
    const { issuer, subject, isMachine } = accessToken;
    const userId = isMachine ? undefined : await this.signIns.ownerAtLogto(issuer, subject);
    return { accessToken, user: userId === undefined ? undefined : await this.userOf(accessToken, userId) };
  }

  /** The new user behind a person's token, made as by a first sign-in. */
  async welcome(accessToken: AccessToken): Promise<CurrentUser> {
    const { issuer, subject } = accessToken;
    return this.userOf(accessToken, await this.signIns.userAtLogto(issuer, subject));
  }

  private async userOf({ subject }: AccessToken, userId: string): Promise<CurrentUser> {
    const user = await this.users.get(subject, () => this.serializer.deserialize(userId));
    if (user) return user;
    throw invalidToken();
  }

  private async judge(token: string): Promise<AccessToken> {
    if (this.audiences.length === 0) throw this.withoutAudience();
    const { payload } = await this.logto.relyingParty.verify(token, { typ: 'at+jwt' }, invalidToken);
    const accepted = accessTokenOf(payload, this.audiences);
    if (!accepted) throw invalidToken();
    return accepted;
  }

  /** A stranger has no use for the reason; whoever runs the backend is told it once. */
  private withoutAudience(): LatchkeyError {
    if (!this.warned) this.logger.warn('AuthModule has no logto.audience, so it refuses every access token.');
    this.warned = true;
    return invalidToken();
  }

  /** By the system's clock, as the library has judged the same claim. */
  private isOver({ expiresAt }: AccessToken): boolean {
    return expiresAt + CLOCK_TOLERANCE_SECONDS <= systemSeconds();
  }

  private noticeNewKeys(): void {
    const edition = this.logto.relyingParty.keyEdition;
    if (this.edition !== '' && edition !== this.edition) this.verified.forget();
    this.edition = edition;
  }
}
