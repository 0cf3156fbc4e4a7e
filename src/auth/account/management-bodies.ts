import { z } from 'zod';
import { httpsUrl, optionalText, protocolId } from '../../connectors/profile.js';
import { isWorthKeeping } from '../../identities/provider-details.js';
import { identifier } from './parameters.js';
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
  .refine(isWorthKeeping, 'is too large, or nested too deeply');

export const givenIdentity = z.strictObject({
  /** The id at the provider. */
  userId: protocolId,
  details: details.optional(),
  /** Who names the account there, and through which instance; as the provider's other accounts have it where absent. */
  issuer: protocolId.optional(),
  connectorId: identifier.optional(),
});

export type GivenIdentity = z.output<typeof givenIdentity>;
