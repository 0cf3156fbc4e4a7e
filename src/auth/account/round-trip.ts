import { z } from 'zod';
import { LatchkeyError } from '../../common/errors.js';
import type { AuthModuleOptions } from '../auth.options.js';
import { absolute } from '../sign-in/local-path.js';

/** What a program says that conducts a round trip to a provider by itself: its own state, and where the browser comes back to. */
export const roundTripFields = {
  state: z.string().max(128),
  redirectUri: z.string().max(2048),
};

/** The parameters of the callback as the program read them, and in Logto's way the `redirectUri` beside them. */
export const connectorData = z
  .record(z.string(), z.string().max(8192))
  .refine((data) => Object.keys(data).length <= 32, 'has too many fields');

export type ConnectorData = z.output<typeof connectorData>;

/**
 * The browser comes back to our own origin or to one that is allowed by name. Throws `session.insufficient_info` or
 * `guard.invalid_input`.
 */
export function assertRoundTrip(
  { state, redirectUri }: { readonly state: string; readonly redirectUri: string },
  { baseUrl, returnToOrigins = [] }: AuthModuleOptions,
): void {
  if (state === '' || redirectUri === '')
    throw new LatchkeyError('session.insufficient_info', 'A state and a redirectUri are needed.');
  const url = absolute(redirectUri);
  const isOurs = url !== undefined && url.hash === '' && [baseUrl, ...returnToOrigins].includes(url.origin);
  if (isOurs && /^[\w-]+$/.test(state)) return;
  const [field, message] = isOurs
    ? ['state', 'must be letters, digits, - and _']
    : ['redirectUri', 'must be at our own origin, or at one that is allowed'];
  throw new LatchkeyError('guard.invalid_input', 'The request is not of the form that is expected here.', {
    data: { issues: [{ path: [field], message }] },
  });
}

/** As the provider has sent them. Where the program left the state out, there is none to compare. */
export function callbackParameters(
  { redirectUri: _, ...data }: ConnectorData,
  state: string,
): URLSearchParams {
  return new URLSearchParams({ ...data, state });
}
