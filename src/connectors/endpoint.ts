import { z } from 'zod';

/** Field of a configuration: an http(s) address in its normal form, without query, fragment and credentials. */
const address = z
  .url({ protocol: /^https?$/i })
  .transform((text) => new URL(text))
  .refine(
    ({ search, hash, username, password }) => search + hash + username + password === '',
    'must have no query, fragment or credentials',
  );

/** An address of the provider that paths are appended to: without a slash at the end. */
export const endpointUrl = address.transform(({ href }) => href.replace(/\/+$/, ''));

/** The name of an issuer, whose last slash is part of it where it has a path or is written with one. */
export const issuerUrl = z
  .string()
  .regex(/^[\w.~:/?@!$&()*+=%[\]-]+$/, 'must be an http or https URL')
  .refine(
    (text) => address.safeParse(text).success,
    'must be an http or https URL without query and fragment',
  );
