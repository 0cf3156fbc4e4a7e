import { z } from 'zod';
import type { ProviderIdentity } from '../../connector.js';
import { httpsUrl, optionalText, protocolId } from '../../profile.js';

/** Answer of `auth/getuserinfo`: a member of the company by `userid`, anybody else by `openid`. */
export const whoSchema = z.object({
  userid: protocolId.optional(),
  openid: protocolId.optional(),
  /** Opens the details that the member has agreed to, for half an hour. */
  user_ticket: z.string().min(1).optional().catch(undefined),
});

export type Who = z.output<typeof whoSchema>;

const details = z.object({
  name: optionalText,
  avatar: httpsUrl,
  email: optionalText,
  biz_mail: optionalText,
  mobile: optionalText,
});

/** What WeCom has answered: who came, and what it tells of them by their id and by their ticket. */
export interface Answers {
  readonly who: Readonly<Record<string, unknown>>;
  readonly byId: Readonly<Record<string, unknown>>;
  readonly byTicket: Readonly<Record<string, unknown>>;
}

type Known = Omit<ProviderIdentity, 'issuer' | 'subject'>;

/** What the ticket opens has been agreed to by the member, so it wins. WeCom vouches for no address and no number. */
export function profileOf(id: string, { who, byId, byTicket }: Answers): Known {
  const [told, opened] = [details.parse(byId), details.parse(byTicket)];
  const mobile = opened.mobile ?? told.mobile;
  return {
    name: opened.name ?? told.name ?? id,
    avatar: opened.avatar ?? told.avatar,
    email: opened.email ?? told.email ?? opened.biz_mail ?? told.biz_mail,
    emailVerified: false,
    phone: mobile === undefined ? undefined : internationalNumber(mobile),
    phoneVerified: false,
    rawData: withoutCredentials({ ...who, ...byId, ...byTicket }),
  };
}

/** E.164: `+` and 6 to 15 digits. A number without country is Chinese; one that is none counts as absent. */
export function internationalNumber(mobile: string): string | undefined {
  const bare = mobile.replace(/[\s()-]/g, '');
  const number = bare.startsWith('+') ? bare : `+86${bare}`;
  return /^\+[1-9]\d{5,14}$/.test(number) ? number : undefined;
}

function withoutCredentials(answer: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { user_ticket: _ticket, expires_in: _lifetime, errcode: _code, errmsg: _text, ...facts } = answer;
  return facts;
}
