import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TakeoverApplication, type Arrival } from './takeover/application.js';
import { allClaims, type Claim } from './takeover/claims.js';
import { cellsOf, HELD, holders, listedOutcome, nameOf, spellings, type Cell } from './takeover/rules.js';

const TIME_LIMIT_MILLISECONDS = 240_000;

let application: TakeoverApplication;

beforeAll(async () => {
  application = await TakeoverApplication.open();
}, TIME_LIMIT_MILLISECONDS);
beforeEach(() => application.forgetEverybody());
afterAll(() => application.close());

describe('the takeover matrix (F13)', () => {
  it('has every connector in every state of an address, and every outcome', () => {
    const cells = allClaims.flatMap((claim) => cellsOf(claim).map((cell) => listedOutcome(cell, claim)));
    expect(cells.length).toBeGreaterThanOrEqual(216);
    expect(new Set(cells)).toEqual(new Set(['created', 'linked', 'refused']));
    expect(new Set(allClaims.map(({ connector }) => connector)).size).toBe(11);
  });

  it.each(allClaims)(
    'gives nobody’s account to another: an address at $connector, $says (AL-01, AL-02, AL-04, AL-05, AL-09)',
    async (claim) => {
      const listed: Record<string, string> = {};
      const happened: Record<string, string> = {};
      for (const cell of cellsOf(claim)) {
        listed[nameOf(cell)] = listedOutcome(cell, claim);
        happened[nameOf(cell)] = await outcomeOf(cell, claim);
      }
      expect(happened).toEqual(listed);
    },
    TIME_LIMIT_MILLISECONDS,
  );
});

/** One of the listed outcomes where everything about it is right, and a description of what is wrong otherwise. */
async function outcomeOf(cell: Cell, claim: Claim): Promise<string> {
  await application.forgetEverybody();
  const word = holders[cell.holder];
  const victim = word
    ? await application.victim(HELD, word)
    : await application.victim(`other.${HELD}`, { emailVerified: true, emailAuthoritative: true });
  const before = await application.kept(victim);
  application.automatic = cell.automatic;
  const arrival = await application.signIn(claim.connector, claim.account(spellings[cell.spelling]));
  const outcome = [nameOfArrival(arrival, victim), ...(await application.counts())].join(' ');
  const after = await application.kept(victim);
  const isUntouched = JSON.stringify(after) === JSON.stringify(before);
  const { lastSignInAt } = before.user ?? {};
  const isJoined =
    JSON.stringify({ ...after.user, lastSignInAt }) === JSON.stringify(before.user) &&
    JSON.stringify(after.identities.filter(({ target }) => target === 'elsewhere')) ===
      JSON.stringify(before.identities);
  const right = isUntouched ? UNTOUCHED.get(outcome) : isJoined ? JOINED.get(outcome) : undefined;
  return right ?? `${outcome}, the victim ${isUntouched ? 'untouched' : isJoined ? 'joined' : 'changed'}`;
}

/** Users, identities and sessions that there are then. */
const UNTOUCHED = new Map([
  ['303 signed in as somebody new 2 2 1', 'created'],
  ['422 user.email_already_in_use and not signed in 1 1 0', 'refused'],
]);
const JOINED = new Map([['303 signed in as the victim 1 2 1', 'linked']]);

function nameOfArrival({ status, code, signedInAs }: Arrival, victim: string): string {
  if (signedInAs === undefined) return `${status} ${String(code)} and not signed in`;
  return `${status} signed in as ${signedInAs === victim ? 'the victim' : 'somebody new'}`;
}
