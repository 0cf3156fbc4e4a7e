import type { Claim } from './claims.js';

/** As whose the address is held here; the person who has it is the same in all of them. */
export const holders = {
  'proved by a provider that is believed': { emailVerified: true, emailAuthoritative: true },
  'verified by a provider that is not believed': { emailVerified: true, emailAuthoritative: false },
  'claimed without proof': { emailVerified: false, emailAuthoritative: false },
  'nobody’s': undefined,
} as const;

export type Holder = keyof typeof holders;

/** What the victim's address is written as here. */
export const HELD = 'victim@xn--exmple-cua.test';

/** What the provider writes in its place. */
export const spellings = {
  exact: HELD,
  case: 'Victim@XN--exmple-cua.TEST',
  'full width': 'ｖictim@xn--exmple-cua.test',
  'dotless i': 'vıctim@xn--exmple-cua.test',
  'combining mark': 'vi\u0301ctim@xn--exmple-cua.test',
  'the domain in its own script': 'victim@exämple.test',
} as const;

export type Spelling = keyof typeof spellings;

export interface Cell {
  readonly holder: Holder;
  readonly spelling: Spelling;
  readonly automatic: boolean;
}

export type Outcome = 'created' | 'linked' | 'refused';

interface Rule {
  readonly outcome: Outcome;
  readonly fits: (cell: Cell, claim: Claim) => boolean;
}

/** The first that fits. */
const rules: readonly Rule[] = [
  { outcome: 'created', fits: (_, { worth }) => worth === 'none' },
  { outcome: 'created', fits: ({ holder }) => holder !== 'proved by a provider that is believed' },
  { outcome: 'created', fits: (_, { connector }) => connector === 'logto' },
  { outcome: 'refused', fits: (_, { worth }) => worth === 'doubted' },
  { outcome: 'refused', fits: ({ spelling }) => spelling !== 'exact' && spelling !== 'case' },
  { outcome: 'refused', fits: ({ automatic }) => !automatic },
  { outcome: 'linked', fits: () => true },
];

export function listedOutcome(cell: Cell, claim: Claim): Outcome {
  const rule = rules.find(({ fits }) => fits(cell, claim));
  if (!rule) throw new Error('no rule is for this cell');
  return rule.outcome;
}

const keysOf = <Key extends string>(record: Readonly<Record<Key, unknown>>): Key[] =>
  Object.keys(record) as Key[];

/** Every spelling where somebody owns the address; fewer where nobody does, and one where none is told. */
export const cellsOf = (claim: Claim): Cell[] =>
  keysOf(holders).flatMap((holder) =>
    spellingsFor(holder, claim).flatMap((spelling) =>
      [false, true].map((automatic) => ({ holder, spelling, automatic })),
    ),
  );

function spellingsFor(holder: Holder, { worth }: Claim): readonly Spelling[] {
  if (worth === 'none' || holder === 'nobody’s') return ['exact'];
  return holder === 'proved by a provider that is believed'
    ? keysOf(spellings)
    : ['exact', 'case', 'full width'];
}

export const nameOf = ({ holder, spelling, automatic }: Cell): string =>
  `${holder}, ${spelling}, ${automatic ? 'automatic' : 'not automatic'}`;
