import type { AuthorizationCallback } from './connector.js';
import { isCodeRefused } from './upstream-error.js';

const REDIRECT_URI = 'https://latchkey.invalid/callback/check';

/**
 * Spends a code that nobody was ever given. A provider looks at the client first, so a refusal of the code says that the
 * client is known there and its credentials are good. Rejects with what else the provider has to say.
 */
export async function spendMadeUpCode(
  redeem: (callback: AuthorizationCallback) => Promise<unknown>,
  issuer?: string,
): Promise<void> {
  const [state, code] = ['latchkeycheck', 'latchkeycheck'];
  const parameters = new URLSearchParams({ code, state, ...(issuer && { iss: issuer }) });
  const secrets = { state, nonce: state, codeVerifier: 'latchkey-check-'.repeat(4) };
  try {
    await redeem({ ...secrets, redirectUri: REDIRECT_URI, parameters });
  } catch (error) {
    if (!isCodeRefused(error)) throw error;
  }
}
