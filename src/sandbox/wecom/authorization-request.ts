import { z } from 'zod';
import type { Reading } from '../authorization/flow.js';
import type { Corp } from './corps.js';

/** How the person comes: within WeCom's app, or by scanning a code with it. */
export type Entrance = 'app' | 'scan';

const common = z.object({
  redirect_uri: z.string(),
  /** It is all that protects the callback. */
  state: z
    .string()
    .regex(/^[a-zA-Z0-9]{0,128}$/, 'is letters and digits, at most 128 bytes')
    .optional(),
  agentid: z.string().optional(),
});

const requestSchemas = {
  app: common
    .extend({
      response_type: z.literal('code'),
      scope: z.enum(['snsapi_base', 'snsapi_privateinfo']),
    })
    .refine(({ scope, agentid }) => scope === 'snsapi_base' || agentid !== undefined, {
      path: ['agentid'],
      error: 'is required for snsapi_privateinfo',
    }),
  /** The older page knows no login_type, and neither knows a scope. */
  scan: common
    .extend({ agentid: z.string(), login_type: z.literal('CorpApp').optional() })
    .transform((request) => ({ ...request, scope: 'snsapi_base' as const })),
} as const;

export interface AuthorizationRequest {
  readonly redirect_uri: string;
  readonly state?: string;
  readonly scope: 'snsapi_base' | 'snsapi_privateinfo';
  readonly corp: Corp;
  readonly entrance: Entrance;
}

/** WeCom sends nobody back with an error: whatever is wrong with a request is told on a page. */
export function readAuthorizationRequest(
  query: string,
  corps: readonly Corp[],
  entrance: Entrance,
): Reading<AuthorizationRequest> {
  const parameters: Record<string, string> = Object.fromEntries(new URLSearchParams(query));
  const corp = corps.find(({ corpId }) => corpId === parameters['appid']);
  if (corp === undefined) return refusal('40013', 'The appid is not that of a company.');
  if (!corp.trustedDomains.includes(hostOf(parameters['redirect_uri'] ?? ''))) {
    return refusal('50001', 'The redirect_uri is not on the trusted domain of the application.');
  }
  const parsed = requestSchemas[entrance].safeParse(parameters);
  if (!parsed.success) return refusal('40058', z.prettifyError(parsed.error));
  const { agentid, ...request } = parsed.data;
  if (agentid !== undefined && agentid !== corp.agentId) {
    return refusal('40056', 'The agentid is not that of the application.');
  }
  return { request: { ...request, corp, entrance } };
}

/** Host and port are what is trusted; any path beneath them will do. */
const hostOf = (address: string): string => (URL.canParse(address) ? new URL(address).host : '');

const refusal = (errcode: string, explanation: string) => ({
  refusal: { error: `errcode ${errcode}`, explanation },
});
