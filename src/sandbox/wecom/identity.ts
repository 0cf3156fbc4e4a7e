import { requirePersona } from '../personas.js';
import { type Corp, externalUserIdOf, INVISIBLE_USER_ID, openIdOf } from './corps.js';
import { allowedDetails, publicProfile } from './details.js';
import { TICKET_SECONDS } from './ledger.js';
import type { WecomDialect } from './wecom.dialect.js';
import { wecomErrors } from './wecom.error.js';

type Data = Readonly<Record<string, unknown>>;

/** Who came with this code: a member of the company by `userid`, anybody else by `openid`. */
export function whoCame({ ledger }: WecomDialect, corp: Corp, value: string | undefined): Data {
  if (value === undefined) throw wecomErrors.missingCode();
  const code = ledger.findCode(value);
  if (code === undefined || code.corpId !== corp.corpId) throw wecomErrors.invalidCode();
  if (code.used) throw wecomErrors.usedCode();
  if (code.expiresAt <= ledger.clock.now()) throw wecomErrors.expiredCode();
  ledger.spendCode(value, code);
  const { corpId, personaId, details } = code;
  const userId = corp.members.get(personaId);
  if (userId === undefined) {
    const persona = requirePersona(personaId);
    return { openid: openIdOf(corp, persona), external_userid: externalUserIdOf(corp, persona) };
  }
  if (details === undefined) return { userid: userId };
  const ticket = ledger.issueTicket({ corpId, personaId, details });
  return { userid: userId, user_ticket: ticket, expires_in: TICKET_SECONDS };
}

export function memberById(corp: Corp, userId: string | undefined): Data {
  if (userId === undefined) throw wecomErrors.missingUserId();
  if (userId === INVISIBLE_USER_ID) throw wecomErrors.noPrivilege();
  const [personaId] = [...corp.members].find(([, id]) => id === userId) ?? [];
  if (personaId === undefined) throw wecomErrors.unknownUser();
  return publicProfile({ persona: requirePersona(personaId), userId });
}

/** A ticket opens the same details as often as it is shown, until it expires. */
export function memberByTicket({ ledger }: WecomDialect, corp: Corp, value: string): Data {
  const ticket = ledger.findTicket(value);
  const userId = ticket && corp.members.get(ticket.personaId);
  if (ticket === undefined || ticket.corpId !== corp.corpId || userId === undefined) {
    throw wecomErrors.invalidTicket();
  }
  const persona = requirePersona(ticket.personaId);
  return { userid: userId, ...allowedDetails({ persona, userId }, ticket.details) };
}
