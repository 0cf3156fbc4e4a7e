import type { Corp } from './corps.js';
import type { WecomDialect } from './wecom.dialect.js';
import { wecomErrors } from './wecom.error.js';

type Query = Readonly<Record<string, string>>;

/** The application's token for its id and secret; not held against the server's address, unlike all other calls. */
export function grantAppToken({ corps, quota, ledger }: WecomDialect, query: Query) {
  const { corpid, corpsecret } = query;
  if (corpid === undefined) throw wecomErrors.missingCorpId();
  if (corpsecret === undefined) throw wecomErrors.missingSecret();
  const corp = corps.find(({ corpId }) => corpId === corpid);
  if (corp === undefined) throw wecomErrors.invalidCorpId();
  if (corp.appSecret !== corpsecret) throw wecomErrors.invalidSecret();
  if (!quota.take(corp.corpId)) throw wecomErrors.tooOften();
  const { token, expiresInSeconds } = ledger.appToken(corp.corpId);
  return { access_token: token, expires_in: expiresInSeconds };
}

/** The company whose application calls. */
export function callingCorp({ corps, ledger, address }: WecomDialect, { access_token: value }: Query): Corp {
  if (value === undefined) throw wecomErrors.missingToken();
  const token = ledger.findAppToken(value);
  const corp = corps.find(({ corpId }) => corpId === token?.corpId);
  if (token === undefined || corp === undefined) throw wecomErrors.invalidToken();
  if (token.expiresAt <= ledger.clock.now()) throw wecomErrors.expiredToken();
  if (!address.isTrusted()) throw wecomErrors.untrustedAddress();
  return corp;
}
