import { callbackUrl } from '../authorization/callback.js';
import type { AuthorizationFlow, Consent, Question } from '../authorization/flow.js';
import type { Persona } from '../personas.js';
import {
  type AuthorizationRequest,
  type Entrance,
  readAuthorizationRequest,
} from './authorization-request.js';
import { details } from './details.js';
import type { WecomLedger } from './ledger.js';
import { scanCode } from './scan-code.js';
import type { WecomDialect } from './wecom.dialect.js';

type Flow = AuthorizationFlow<AuthorizationRequest>;

/** Within the app, on the current page for desktops, and on the one before it. */
export const wecomAuthorizations = (wecom: WecomDialect): readonly Flow[] => [
  flow(wecom, '/wecom/connect/oauth2/authorize', 'app'),
  flow(wecom, '/wecom/wwlogin/sso/login', 'scan'),
  flow(wecom, '/wecom/wwopen/sso/qrConnect', 'scan'),
];

/** The fragment `#wechat_redirect`, which WeCom's own app looks for, never reaches a server. */
const flow = ({ corps, ledger }: WecomDialect, path: string, entrance: Entrance): Flow => ({
  provider: 'wecom',
  path,
  read: (query) => readAuthorizationRequest(query, corps, entrance),
  question,
  isConsentDue: asksDetails,
  allow: (request, consent) => allow(ledger, request, consent),
  cancel: (request) => callback(request, {}),
});

const question = (request: AuthorizationRequest, persona?: Persona): Question => ({
  clientId: request.corp.corpId,
  redirectUri: request.redirect_uri,
  scopes:
    persona !== undefined && asksDetails(request, persona)
      ? Object.entries(details).map(([scope, { description }]) => ({ scope, description, optional: true }))
      : [],
  ...(request.entrance === 'scan' && {
    title: 'Who scans the code?',
    picture: scanCode(`${request.corp.corpId} ${request.state}`),
  }),
});

/** Consent is for members and their details; whoever is asked for none of them is let through. */
const asksDetails = ({ scope, corp }: AuthorizationRequest, persona: Persona): boolean =>
  scope === 'snsapi_privateinfo' && corp.members.has(persona.id);

/** After a scan, the callback also names the company. */
function allow(ledger: WecomLedger, request: AuthorizationRequest, { persona, granted }: Consent): string {
  const { corp, entrance } = request;
  const code = ledger.issueCode({
    corpId: corp.corpId,
    personaId: persona.id,
    details: asksDetails(request, persona) ? [...granted] : undefined,
  });
  return callback(request, { code, appid: entrance === 'scan' ? corp.corpId : undefined });
}

/** Whoever refuses is sent back with the state and not a word. */
const callback = (
  { redirect_uri: redirectUri, state }: AuthorizationRequest,
  parameters: Readonly<Record<string, string | undefined>>,
): string => callbackUrl(redirectUri, { ...parameters, state });
