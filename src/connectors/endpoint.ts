import { z } from 'zod';

/** Field of a configuration: an address of the provider, without query, fragment, credentials and slash at the end. */
export const endpointUrl = z
  .url({ protocol: /^https?$/ })
  .transform((text) => text.replace(/\/+$/, ''))
  .refine((text) => {
    const { search, hash, username, password } = new URL(text);
    return search + hash + username + password === '';
  }, 'must have no query, fragment or credentials');
