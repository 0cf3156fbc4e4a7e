import type { AuditEvent } from '../audit/facts.js';
import { LatchkeyError, type ErrorCode, type ErrorDetails } from '../common/errors.js';
import { accountInLog, type IdentityAt } from './identity-at.js';

/** A refusal that goes on record: {@link Transactions} writes it down after the rollback of what was refused. */
export class Refused extends LatchkeyError {
  constructor(
    code: ErrorCode,
    message: string,
    readonly event: Omit<AuditEvent, 'outcome'>,
    details?: ErrorDetails,
  ) {
    super(code, message, details);
  }
}

/** The account belongs to somebody who is let in nowhere. */
export const suspended = (userId: string, at: IdentityAt): Refused =>
  new Refused('user.suspended', 'This account is suspended.', {
    event: 'sign_in',
    reason: 'suspended',
    userId,
    ...accountInLog(at),
  });
