import { createHash } from 'node:crypto';
import { everyone, type Persona } from '../personas.js';

/** A company at WeCom with its one self-built application. */
export interface Corp {
  readonly corpId: string;
  readonly appSecret: string;
  readonly agentId: string;
  /** Hosts, with their port, that the application may be called back at. */
  readonly trustedDomains: readonly string[];
  /** User ids by persona: unique in this company, and in no other. */
  readonly members: ReadonlyMap<string, string>;
  /** Of those who are no members, where it is not made up on the spot. */
  readonly openIds: ReadonlyMap<string, string>;
}

/** Somebody who works there, and whom the application may not see. */
export const INVISIBLE_USER_ID = 'ChairOfTheBoard';

type Registration = Pick<Corp, 'corpId' | 'appSecret' | 'agentId'>;

/** In the second company, Bob has the user id that Alice has in the first. */
export function corpsOf(
  [first, second]: readonly [Registration, Registration],
  trustedDomains: readonly string[],
): readonly [Corp, Corp] {
  const membersOfFirst = idsOf('wecomUserId');
  const membersOfSecond = new Map([['bob', membersOfFirst.get('alice') ?? 'alice']]);
  return [
    { ...first, trustedDomains, members: membersOfFirst, openIds: idsOf('wecomOpenId') },
    { ...second, trustedDomains, members: membersOfSecond, openIds: new Map() },
  ];
}

const idsOf = (kind: 'wecomUserId' | 'wecomOpenId'): ReadonlyMap<string, string> =>
  new Map(everyone.flatMap(({ id, [kind]: value }) => (value === undefined ? [] : [[id, value] as const])));

/** Whom a company does not know, it calls by an id that differs from company to company. */
export const openIdOf = (corp: Corp, persona: Persona): string =>
  corp.openIds.get(persona.id) ?? `oA${hashOf(`${corp.corpId} ${persona.id}`).slice(0, 26)}`;

export const externalUserIdOf = (corp: Corp, persona: Persona): string =>
  `wm${hashOf(`external ${corp.corpId} ${persona.id}`).slice(0, 30)}`;

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');
