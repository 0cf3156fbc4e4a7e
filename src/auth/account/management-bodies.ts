import { z } from 'zod';
import { httpsUrl, optionalText, protocolId } from '../../connectors/profile.js';
import { connectorData, roundTripFields } from './round-trip.js';

export const roundTrip = z.strictObject(roundTripFields);

export const newIdentity = z.strictObject({ connectorId: z.string(), connectorData });

/** What an administrator knows of an account. Nobody has vouched for its addresses. */
const details = z
  .object({
    name: optionalText,
    username: optionalText,
    email: optionalText,
    phone: z
      .string()
      .regex(/^\+?\d{5,15}$/)
      .optional()
      .catch(undefined),
    avatar: httpsUrl,
    rawData: z.unknown().optional(),
  })
  .refine((value) => JSON.stringify(value).length <= 16 * 1024, 'is too large');

export const givenIdentity = z.strictObject({
  /** The id at the provider. */
  userId: protocolId,
  details: details.optional(),
  /** Who names the account there, and through which instance; as the provider's other accounts have it where absent. */
  issuer: z.string().min(1).max(255).optional(),
  connectorId: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional(),
});

export type GivenIdentity = z.output<typeof givenIdentity>;

export const choice = z.object({ identityId: z.string().optional() });

export type Choice = z.output<typeof choice>;
