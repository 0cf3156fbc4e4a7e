import { z } from 'zod';
import { INSTANCE_ID, RESERVED, TARGET } from '../instances/instance.js';

/** The forms of requests. A field that is not ours is refused, so that nothing is set or lost in silence. */

const id = z
  .string()
  .regex(INSTANCE_ID, 'must be letters, digits, - and _')
  .refine((text) => text !== RESERVED, 'is taken');
const target = z
  .string()
  .regex(TARGET, 'must be letters, digits, -, _ and .')
  .refine((text) => text !== RESERVED, 'is taken');
const config = z.record(z.string(), z.unknown());

/** By language tag (BCP 47), as in Logto; `en` has to be there. */
const name = z
  .record(z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/), z.string().trim().min(1).max(128))
  .refine((phrases) => 'en' in phrases, 'must have the language en')
  .transform((phrases) => ({ ...phrases, en: phrases['en'] ?? '' }));

const logo = z.url({ protocol: /^https$/ }).max(2048);

const traits = {
  syncProfile: z.boolean().optional(),
  enableTokenStorage: z.boolean().optional(),
  enabled: z.boolean().optional(),
};

export const newInstance = z.strictObject({
  id: id.optional(),
  connectorId: z.string().min(1).max(128),
  config: config.default({}),
  metadata: z
    .strictObject({
      target: target.optional(),
      name: name.optional(),
      logo: logo.optional(),
      logoDark: logo.optional(),
    })
    .optional(),
  ...traits,
});

/** An empty text takes a logo away, as Logto's console sends it. */
const changedLogo = z.union([logo, z.literal('').transform(() => null), z.null()]).optional();

export const instanceChanges = z.strictObject({
  config: config.optional(),
  metadata: z
    .strictObject({
      target: z.string().optional(),
      name: name.nullish(),
      logo: changedLogo,
      logoDark: changedLogo,
    })
    .optional(),
  ...traits,
});

export const testedConfig = z.strictObject({ config: config.optional() }).nullish();

export const connectorsQuery = z.strictObject({ target: z.string().max(128).optional() });

export const signInExperienceChanges = z.strictObject({
  socialSignInConnectorTargets: z.array(z.string().max(128)).max(1000).nullish(),
  socialSignIn: z.strictObject({ automaticAccountLinking: z.boolean().optional() }).optional(),
});
