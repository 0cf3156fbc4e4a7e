import type { GlobalRole, Membership } from './organizations.js';

/** A person who exists only in the sandbox, with one unchanging subject per provider. */
export interface Persona {
  readonly id: string;
  readonly name: string;
  readonly givenName: string;
  readonly familyName?: string;
  readonly email?: string;
  readonly emailVerified?: boolean;
  readonly phoneNumber?: string;
  readonly picture?: string;
  /** The Google Workspace domain that the account belongs to. */
  readonly hostedDomain?: string;
  readonly logtoSubject: string;
  readonly googleSubject: string;
  /** At Logto. */
  readonly roles?: readonly GlobalRole[];
  readonly memberships?: readonly Membership[];
  /** What this persona is good for, in a few words. */
  readonly remark: string;
}

export const personas: readonly Persona[] = [
  {
    id: 'alice',
    name: 'Alice Arden',
    givenName: 'Alice',
    familyName: 'Arden',
    email: 'alice@example.test',
    emailVerified: true,
    logtoSubject: 'xw3jr9c2iw77',
    googleSubject: '104251876093517284601',
    roles: ['support'],
    memberships: [
      { organization: 'k3v9xq27mz0a', roles: ['admin'] },
      { organization: '7t1hd84wpe6s', roles: ['member'] },
    ],
    remark: 'verified e-mail',
  },
  {
    id: 'bob',
    name: 'Bob Bellweather',
    givenName: 'Bob',
    familyName: 'Bellweather',
    email: 'bob@example.test',
    emailVerified: false,
    logtoSubject: 'b4mq7t0zk9dp',
    googleSubject: '117430952286410573928',
    memberships: [{ organization: 'k3v9xq27mz0a', roles: ['member'] }],
    remark: 'e-mail not verified',
  },
  {
    id: 'zoe',
    name: 'Zoë 李 👩‍🚀',
    givenName: 'Zoë',
    familyName: '李 👩‍🚀',
    email: 'zoe@studio.example.test',
    emailVerified: true,
    hostedDomain: 'studio.example.test',
    logtoSubject: 'z8e2ly5n1ckw',
    googleSubject: '109876120345567812349',
    remark: 'verified e-mail of a company',
  },
  {
    id: 'noor',
    name: 'Noor',
    givenName: 'Noor',
    phoneNumber: '15550123',
    logtoSubject: 'n0or6f3v8hxa',
    googleSubject: '113579024681357902468',
    remark: 'no e-mail at all',
  },
];

export const personaById = (id: string): Persona | undefined => personas.find((persona) => persona.id === id);

/** Throws a RangeError for a name that nobody here has. */
export function requirePersona(id: string): Persona {
  const persona = personaById(id);
  if (persona === undefined) throw new RangeError(`There is no persona "${id}".`);
  return persona;
}

export const personaByLogtoSubject = (subject: string): Persona | undefined =>
  personas.find(({ logtoSubject }) => logtoSubject === subject);
