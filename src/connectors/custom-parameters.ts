import { z } from 'zod';

/** What the protocols put into an authorization request or its answer, and nobody else may. */
const PROTOCOL: ReadonlySet<string> = new Set([
  'acr_values',
  'client_assertion',
  'client_assertion_type',
  'client_id',
  'client_secret',
  'code',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'error',
  'grant_type',
  'iss',
  'max_age',
  'nonce',
  'redirect_uri',
  'request',
  'request_uri',
  'response_mode',
  'response_type',
  'scope',
  'state',
]);

/** Whether the provider could read the name as one of the protocol's; some servers do not mind its case. */
export const isProtocolParameter = (name: string): boolean => PROTOCOL.has(name.toLowerCase());

/**
 * Field of a configuration: parameters of the authorization request beyond the protocol's. Names are plain, because
 * some servers read `client.id` and `client_id[]` as `client_id`.
 */
export const customParameters = z
  .record(z.string().regex(/^[a-z][\w-]{0,63}$/i), z.string().max(2048))
  .refine(
    (parameters) => !Object.keys(parameters).some(isProtocolParameter),
    'may not replace a parameter of the protocol',
  )
  .optional();
