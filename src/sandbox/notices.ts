import { HttpClient } from '../common/http-client.js';
import { applicationCredentials } from './clients.js';
import { loopbackNames } from './control/refuse-strangers.js';
import type { Dialects } from './dialects.js';
import { signedRequest } from './facebook/signed-request.js';
import { delivery } from './github/delivery.js';
import { securityEvent, securityEvents, type SecurityEventOptions } from './google/security-event.js';

/** What a provider tells an application of its own accord. */
export type Notice =
  | ({ readonly provider: 'google' } & SecurityEventOptions)
  | { readonly provider: 'github'; readonly personaId: string }
  | {
      readonly provider: 'facebook';
      readonly event: 'deauthorize' | 'data-deletion';
      readonly personaId: string;
    };

export interface NoticeAnswer {
  readonly status: number;
  readonly body: string;
}

/** As the page of the sandbox calls them: each has a provider before the slash. */
export const noticeNames = [
  ...Object.keys(securityEvents).map((event) => `google/${event}`),
  'github/revoked',
  'facebook/deauthorize',
  'facebook/data-deletion',
] as const;

export function noticeNamed(name: string, personaId: string): Notice {
  const [provider, event] = name.split('/');
  return { provider, event, personaId } as Notice;
}

const http = new HttpClient();

/** Sends it to the application at this address, on loopback alone, and returns what that says. */
export async function sendNotice(
  dialects: Dialects,
  applicationUrl: string,
  notice: Notice,
): Promise<NoticeAnswer> {
  const url = new URL(`${applicationUrl.replace(/\/+$/, '')}${pathOf(notice)}`);
  if (!loopbackNames.has(url.hostname))
    throw new RangeError('The sandbox tells applications on loopback alone.');
  const answer = await http.fetch(url, { method: 'POST', ...(await requestOf(dialects, notice)) });
  return { status: answer.status, body: await answer.text() };
}

function pathOf(notice: Notice): string {
  const suffix = notice.provider === 'facebook' ? `/${notice.event}` : '';
  return `/notifications/${notice.provider}${suffix}`;
}

async function requestOf({ google, facebook }: Dialects, notice: Notice): Promise<RequestInit> {
  switch (notice.provider) {
    case 'google':
      return {
        headers: { 'content-type': 'application/secevent+jwt' },
        body: await securityEvent(google, notice),
      };
    case 'github': {
      const secret = applicationCredentials.github.webhookSecret;
      return delivery({ personaId: notice.personaId, secret });
    }
    case 'facebook':
      return { body: new URLSearchParams({ signed_request: signedRequest(facebook, notice) }) };
  }
}
