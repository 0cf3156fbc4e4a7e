import type { LogtoAccount } from '../logto/logto-sessions.js';
import type { LogtoTokens } from '../logto/logto-tokens.js';
import type { SessionRecord } from './session.store.js';

/** What a sign-in leaves with the session that it begins. */
export interface SessionOrigin {
  /** Which of the user's identities it was. Absent where the application has recognised the person in a way of its own. */
  readonly identityId?: string;
  readonly atLogto?: AtLogto;
}

/** What a sign-in at Logto leaves with the session. */
export interface AtLogto {
  readonly account: LogtoAccount;
  readonly tokens: LogtoTokens;
}

type Begun = Pick<SessionRecord, 'identityId'>;

/** Whether a session may have begun with this account: one of which nothing is known may have begun with any. */
export const mayHaveBegunWith = ({ identityId }: Begun, gone: string): boolean =>
  typeof identityId !== 'string' || identityId === gone;

/** The session as it goes on without the account. */
export const withoutOrigin = <Session extends Begun>(session: Session, gone: string): Session =>
  mayHaveBegunWith(session, gone) ? { ...session, identityId: null } : session;
