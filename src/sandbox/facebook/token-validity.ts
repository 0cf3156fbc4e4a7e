import type { FacebookDialect } from './facebook.dialect.js';
import { type FacebookError, invalidToken } from './facebook.error.js';
import type { Ending, Token } from './ledger.js';

/** Throws the refusal that fits the token's fate. */
export function liveToken(facebook: FacebookDialect, value: string): Token {
  const token = facebook.ledger.findToken(value);
  const refusal = refusalOf(facebook, value, token);
  if (refusal !== undefined) throw refusal;
  if (token === undefined) throw loggedOut();
  return token;
}

/** Undefined for a token that works. */
export function refusalOf(
  { ledger }: FacebookDialect,
  value: string,
  token: Token | undefined,
): FacebookError | undefined {
  if (!value.startsWith('EAA')) {
    return invalidToken('Invalid OAuth access token - Cannot parse access token');
  }
  if (token === undefined) return loggedOut();
  if (token.ended !== undefined) return endings[token.ended](token);
  if (token.expiresAt > ledger.clock.now()) return undefined;
  const [expiry, now] = [token.expiresAt, ledger.clock.now()].map(inWords);
  return refused(`Session has expired on ${expiry}. The current time is ${now}.`, 463);
}

const endings: Readonly<Record<Ending, (token: Token) => FacebookError>> = {
  'app removed': ({ clientId }) => refused(`The user has not authorized application ${clientId}.`, 458),
  'password changed': () => {
    const reason = 'the user changed their password or Facebook has changed the session for security reasons';
    return refused(`The session has been invalidated because ${reason}.`, 460);
  },
};

/** Also what a token gets that looks like one and is none. */
const loggedOut = (): FacebookError => refused('The session is invalid because the user logged out.', 467);

const refused = (reason: string, subcode: number): FacebookError =>
  invalidToken(`Error validating access token: ${reason}`, subcode);

const inWords = (seconds: number): string => new Date(seconds * 1000).toUTCString();
