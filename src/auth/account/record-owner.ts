import { notSignedIn } from '../../common/current-user.js';
import type { RequestWithSession } from '../session/session.guard.js';

export interface OwnerInSession {
  readonly userId: string;
  readonly sessionId: string;
}

/** Records belong to the session, and so to its user. */
export function recordOwner({ latchkeySession: session }: RequestWithSession): OwnerInSession {
  if (!session) throw notSignedIn();
  return { userId: session.userId, sessionId: session.id };
}
