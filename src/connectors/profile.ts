import { z } from 'zod';

/** Pieces of the schemas of providers' profiles: what is not of the expected form counts as absent. */

const MAXIMUM_LENGTH = 512;

/** Text as people write it: without control characters, in Unicode's composed form, so that equal names are equal bytes. */
export const optionalText = z
  .string()
  .transform((text) =>
    text
      .toWellFormed()
      .replace(/\p{Cc}/gu, '')
      .normalize('NFC')
      .trim(),
  )
  .pipe(z.string().min(1).max(MAXIMUM_LENGTH))
  .optional()
  .catch(undefined);

/** An https URL, in its normal form. */
export const requiredHttpsUrl = z
  .string()
  .transform((text) => (URL.canParse(text) ? new URL(text).href : ''))
  .pipe(z.string().startsWith('https:').max(2048));

/** The same as a picture; anything else that a profile offers is dropped. */
export const httpsUrl = requiredHttpsUrl.optional().catch(undefined);

/** An identifier of the protocols (`sub`, `sid`, `jti`, …): 1 to 255 printable ASCII characters, which every database takes. */
export const protocolId = z.string().regex(/^[\x20-\x7e]{1,255}$/);
