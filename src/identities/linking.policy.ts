import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { IdentityAt } from './identities.service.js';

/**
 * Decides to whom an account belongs that nobody has used here before. This one never joins accounts by e-mail:
 * an unknown account is a new user, and accounts are joined by their owner, signed in, with an explicit link.
 * Extend it and give yours to `AuthModule.forRoot({ linkingPolicy })`.
 */
@Injectable()
export class LinkingPolicy {
  /** The id of the existing user, or nothing for a new one. Runs inside the transaction of the sign-in. */
  ownerOf(_manager: EntityManager, _at: IdentityAt): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }
}
