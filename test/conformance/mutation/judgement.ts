import { isLatchkeyError } from '../../../src/common/errors.js';
import type { ProviderIdentity } from '../../../src/connectors/connector.js';
import { Browser } from '../../support/browser.js';
import { INSTANCE_ID } from '../../../src/conformance/stage.js';
import { CODE } from '../../../src/conformance/subject.js';
import type { Ending, Rig } from './rig.js';

/** How a round trip ended: with somebody, with an error, or as it must not. */
export type Verdict = { readonly end: 'recognised' | 'refused' } | { readonly fault: string };

const RECOGNISED: Verdict = { end: 'recognised' };
const REFUSED: Verdict = { end: 'refused' };
const ROWS = ['sessions', 'transactions', 'secrets', 'identities', 'users'];

/** An exchange ends in an error with a code, or in the person of whom the provider has spoken. */
export async function judgeExchange(rig: Rig): Promise<Verdict> {
  const ending = await rig.exchange();
  if ('error' in ending)
    return isLatchkeyError(ending.error) ? REFUSED : { fault: `no error with a code: ${stackOf(ending)}` };
  const { identity } = ending;
  const { issuer } = rig.under.subject.identity;
  if (identity.subject !== rig.expected || identity.issuer !== issuer)
    return {
      fault: `${identity.issuer} ${identity.subject} was recognised, and not ${String(rig.expected)}`,
    };
  return isSound(identity) ? RECOGNISED : { fault: `no identity: ${JSON.stringify(identity).slice(0, 500)}` };
}

/** The same over HTTP: there is a session of that person, or an answer with a code and no session at all. */
export async function judgeSignIn(rig: Rig): Promise<Verdict> {
  for (const table of ROWS) await rig.dataSource.query(`DELETE FROM latchkey_${table}`);
  const browser = new Browser();
  const { url } = rig.stage;
  const start = await browser.request(`${url}/auth/social/${INSTANCE_ID}`);
  const { searchParams } = new URL(start.headers.get('location') ?? 'nowhere:');
  const [state, nonce] = ['state', 'nonce'].map((name) => searchParams.get(name) ?? '');
  rig.stage.provider.round = { state, nonce, redirectUri: '' };
  const query = new URLSearchParams({ code: CODE, state }).toString();
  const { status, body } = await browser.json(`${url}/callback/${INSTANCE_ID}?${query}`);
  const me = await browser.json(`${url}/api/me`);
  const people = await signedIn(rig);
  if (status === 303) {
    const { issuer } = rig.under.subject.identity;
    const isRight = me.status === 200 && people === JSON.stringify([{ issuer, subject: rig.expected }]);
    return isRight ? RECOGNISED : { fault: `${people} is signed in, and not ${String(rig.expected)}` };
  }
  const hasCode = /^(auth|connector|user)\.\w+$/.test(String(body['code'])) && status !== 500;
  return hasCode && me.status === 401 && people === '[]'
    ? REFUSED
    : { fault: `${status} ${JSON.stringify(body)}, signed in: ${people}` };
}

/** The accounts of everybody who has a session. */
const signedIn = async ({ dataSource }: Rig): Promise<string> =>
  JSON.stringify(
    await dataSource.query(
      'SELECT i.issuer, i.subject FROM latchkey_sessions s LEFT JOIN latchkey_identities i ON i.user_id = s.user_id',
    ),
  );

/** What the types promise of a person, and what follows from what. */
function isSound({ email, emailVerified, emailAuthoritative, ...rest }: ProviderIdentity): boolean {
  const texts = [email, rest.name, rest.username, rest.phone].filter((value) => value !== undefined);
  return (
    texts.every((text) => typeof text === 'string' && /^\P{Cc}{1,512}$/u.test(text) && text.isWellFormed()) &&
    typeof emailVerified === 'boolean' &&
    (!emailVerified || email !== undefined) &&
    (emailAuthoritative !== true || emailVerified) &&
    (rest.avatar === undefined || rest.avatar.startsWith('https://'))
  );
}

const stackOf = (ending: Ending): string =>
  'error' in ending && ending.error instanceof Error ? String(ending.error.stack) : 'not an error at all';
