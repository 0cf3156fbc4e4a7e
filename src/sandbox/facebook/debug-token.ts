import type { SandboxClient } from '../clients.js';
import { personaById } from '../personas.js';
import { appOfToken } from './app-token.js';
import type { FacebookDialect } from './facebook.dialect.js';
import type { FacebookError } from './facebook.error.js';
import { LONG_TOKEN_SECONDS, type Token } from './ledger.js';
import { refusalOf } from './token-validity.js';
import { userIdFor } from './user-id.js';

type Data = Readonly<Record<string, unknown>>;

/** What `input_token` is, for the app that it was issued to. https://developers.facebook.com/docs/graph-api/reference/debug_token */
export function inspect(facebook: FacebookDialect, app: SandboxClient, inputToken: string): Data {
  const inspectedApp = appOfToken(facebook.clients, inputToken);
  if (inspectedApp?.clientId === app.clientId) {
    return { app_id: app.clientId, type: 'APP', application: 'Latchkey', is_valid: true, scopes: [] };
  }
  const token = facebook.ledger.findToken(inputToken);
  const refusal = refusalOf(facebook, inputToken, token);
  if (token === undefined) return { ...(refusal && errorOf(refusal)), is_valid: false, scopes: [] };
  if (token.clientId !== app.clientId) {
    const message = '(#100) The App_id in the input_token did not match the Viewing App';
    return { error: { code: 100, message }, is_valid: false, scopes: [] };
  }
  return {
    ...userTokenData(facebook, token),
    ...(refusal && errorOf(refusal)),
    is_valid: refusal === undefined,
  };
}

function userTokenData(facebook: FacebookDialect, token: Token): Data {
  const { clientId, issuedAt, expiresAt } = token;
  const consent = facebook.ledger.consent(token);
  const persona = personaById(token.personaId);
  return {
    app_id: clientId,
    type: 'USER',
    application: 'Latchkey',
    data_access_expires_at: consent?.dataAccessExpiresAt ?? 0,
    expires_at: expiresAt,
    ...(expiresAt - issuedAt === LONG_TOKEN_SECONDS && { issued_at: issuedAt }),
    scopes: consent?.granted ?? [],
    ...(persona && { user_id: userIdFor(facebook, clientId, persona) }),
  };
}

const errorOf = ({ details: { code, message, subcode } }: FacebookError): Data => ({
  error: { code, message, subcode },
});
