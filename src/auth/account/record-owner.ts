import { notSignedIn } from '../../common/current-user.js';
import type { RequestWithSession } from '../session/session.guard.js';
import type { RecordOwner } from './verification-records.js';

/** Records belong to the session, and so to its user. */
export function recordOwner({
  latchkeySession: session,
}: RequestWithSession): RecordOwner & { userId: string } {
  if (!session) throw notSignedIn();
  return { userId: session.userId, sessionId: session.id };
}
