import { z } from 'zod';
import type { GlobalRole, Membership } from './organizations.js';
import { people } from './people.js';

/** A person who exists only in the sandbox, with one unchanging subject per provider. */
export interface Persona {
  readonly id: string;
  readonly name: string;
  readonly givenName: string;
  readonly familyName?: string;
  readonly email?: string;
  readonly emailVerified?: boolean;
  /** Verified, and known to providers where an account has several addresses. */
  readonly secondEmail?: string;
  readonly phoneNumber?: string;
  readonly picture?: string;
  /** The Google Workspace domain that the account belongs to. */
  readonly hostedDomain?: string;
  readonly logtoSubject: string;
  readonly googleSubject: string;
  readonly githubId: number;
  readonly githubLogin: string;
  /** Whether the address stands on the GitHub profile for everyone to see. */
  readonly githubEmailIsPublic?: boolean;
  /** Whether the GitHub profile tells a name. */
  readonly githubNameIsEmpty?: boolean;
  readonly facebookId: string;
  readonly xId: string;
  readonly xHandle: string;
  /** Of a member of the corp; the same person in another corp may be called otherwise. */
  readonly wecomUserId?: string;
  /** As a member's phone is kept there: without the country, which is China. */
  readonly wecomMobile?: string;
  /** Of somebody who is no member. */
  readonly wecomOpenId?: string;
  /** At Logto. */
  readonly roles?: readonly GlobalRole[];
  readonly memberships?: readonly Membership[];
  /** One cancels whatever is asked, another grants only what cannot be unticked. */
  readonly behaviour?: 'cancels' | 'unticks';
  /** What this persona is good for, in a few words. */
  readonly remark: string;
}

/** Everybody, also those whose sign-in comes to nothing. */
export const everyone: readonly Persona[] = people;

/** Those who go through with what they begin. */
export const personas: readonly Persona[] = people.filter(({ behaviour }) => behaviour === undefined);

export const personaById = (id: string): Persona | undefined => everyone.find((persona) => persona.id === id);

/** An order that concerns somebody who lives here. */
export const personaSchema = z.object({ persona: z.enum(everyone.map(({ id }) => id)) });

/** Throws a RangeError for a name that nobody here has. */
export function requirePersona(id: string): Persona {
  const persona = personaById(id);
  if (persona === undefined) throw new RangeError(`There is no persona "${id}".`);
  return persona;
}

export const personaByLogtoSubject = (subject: string): Persona | undefined =>
  everyone.find(({ logtoSubject }) => logtoSubject === subject);

/** Where a provider without a better one says that the picture is; nothing is there. */
export const avatarUrl = ({ id, picture }: Persona): string =>
  picture ?? `https://avatars.example.test/${id}.png`;
