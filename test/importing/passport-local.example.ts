import {
  Controller,
  Get,
  HttpCode,
  Injectable,
  Post,
  Req,
  Res,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { scryptSync, timingSafeEqual } from 'node:crypto';
import { Strategy } from 'passport-local';
import { CurrentUser, SessionGuard, SignInService, type Caller, type IdentityAt } from '../../src/index.js';

/** The application's own accounts. A real one keeps them in its database, each with a salt of its own. */
@Injectable()
export class Passwords {
  private readonly salt = 'one salt for all is for examples alone';
  private readonly accounts = new Map([['mina', this.hash('correct horse battery staple')]]);

  matches(username: string, password: string): boolean {
    const expected = this.accounts.get(username) ?? this.hash('nobody has this password');
    return timingSafeEqual(this.hash(password), expected) && this.accounts.has(username);
  }

  private hash(password: string): Buffer {
    return scryptSync(password, this.salt, 32, { N: 1024 });
  }
}

/** Passport's own strategy for names and passwords: what it returns is `request.user` of the guarded route. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly passwords: Passwords) {
    super();
  }

  validate(username: string, password: string): IdentityAt {
    if (!this.passwords.matches(username, password)) throw new UnauthorizedException();
    const identity = { issuer: 'https://app.example.com', subject: username, username, emailVerified: false };
    return { connectorId: 'password', target: 'password', identity };
  }
}

/** Nest's guard runs the strategy; `enter` turns whom it has recognised into a user with a session. */
@Controller('login')
export class LoginController {
  constructor(private readonly signIns: SignInService) {}

  @Post()
  @HttpCode(204)
  @UseGuards(AuthGuard('local'))
  async login(
    @Req() request: Caller & { user: IdentityAt },
    @Res({ passthrough: true }) response: unknown,
  ): Promise<void> {
    await this.signIns.enter(request, response, request.user);
  }
}

/** From then on it is a session like any other. */
@Controller('profile')
@UseGuards(SessionGuard)
export class ProfileController {
  @Get()
  profile(@CurrentUser() user: CurrentUser): CurrentUser {
    return user;
  }
}
