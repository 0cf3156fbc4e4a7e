import { Injectable } from '@nestjs/common';
import type { CurrentUser } from '../../common/current-user.js';
import { UsersService } from '../../identities/users.service.js';

/**
 * Makes the user of a request out of the id that a session contains. An application with users of its own extends this
 * class, gives it to `AuthModule.forRoot({ userSerializer })`, and may open sessions for ids of its own
 * ({@link Sessions.open}).
 */
@Injectable()
export class UserSerializer {
  constructor(private readonly users: UsersService) {}

  /** Nothing for a user who is not let in (any more). Asked at most twice a second for one session. */
  deserialize(userId: string): Promise<CurrentUser | undefined> {
    return this.users.findActive(userId);
  }
}
