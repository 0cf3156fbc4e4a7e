import { z } from 'zod';
import { INSTANCE_ID, RESERVED, TARGET } from '../../connectors/instances/instance.js';

/** What paths, queries and bodies name. Text that a database refuses ends here; what is merely unknown is not found later. */
export const identifier = z.string().regex(INSTANCE_ID, 'must be letters, digits, - and _');

const target = z.string().regex(TARGET, 'must be letters, digits, -, _ and .');

export const userAt = z.object({ userId: identifier });

export const accountAt = z.object({ userId: identifier, target });

/** Where an account may be put by hand: who somebody is at Logto is for Logto to say, and answers are keyed by target. */
export const givenAt = z.object({
  userId: identifier,
  target: target.refine((text) => ![RESERVED, '__proto__'].includes(text), 'is taken'),
});

export type AccountAt = z.output<typeof accountAt>;

/** Of several accounts of one provider, which is meant. */
export const choice = z.object({ identityId: identifier.optional() });

/** Logto's words for a flag that is set; any other is one that is not. */
const flag = z
  .string()
  .optional()
  .transform((text) => /^(?:1|true|y|yes|t|on)$/i.test(text ?? ''));

export const withTokenSecrets = choice.extend({ includeTokenSecret: flag });

export type Choice = z.output<typeof choice>;
