import { z } from 'zod';
import { connectorVariables } from './connector-variables.js';
import { httpUrl, list, protocolOf, text } from './forms.js';
import { vaultKeyVariables } from './vault-keys.js';

const origin = httpUrl.refine(
  (value) => protocolOf(value) && new URL(value).origin === value,
  'must be an origin, without a path',
);

const port = z.coerce
  .number('must be a port number')
  .int('must be a port number')
  .min(0, 'must be a port number')
  .max(65_535, 'must be a port number');

const seconds = z.coerce
  .number('must be whole seconds')
  .int('must be whole seconds')
  .min(60, 'must be at least 60 seconds');

const isIndicator = (value: string): boolean => URL.canParse(value) && !value.includes('#');
const isOrigin = (value: string): boolean =>
  /^https?:$/.test(protocolOf(value)) && new URL(value).origin === value;
/** As in `URL.host`: without the port that a scheme has by itself. */
const isHost = (value: string): boolean =>
  ['http', 'https'].some((scheme) => {
    const url = `${scheme}://${value}/`;
    return URL.canParse(url) && new URL(url).host === value;
  });
/** RFC 8707 2. */
const indicator = z.string().refine(isIndicator, 'must be an absolute URI without fragment');

/**
 * Every environment variable of the backend: its form, its default and what it is for. The README's table
 * is checked against this list.
 */
export const variables = {
  NODE_ENV: z
    .enum(['production', 'development', 'test'], 'must be production, development or test')
    .optional()
    .describe('`production` switches the sandbox off and every secret on.'),
  PORT: port.default(3000).describe('TCP port of the backend.'),
  HOST: text.optional().describe('Address to listen on: `localhost`, in production `0.0.0.0`.'),
  BASE_URL: origin
    .optional()
    .describe('Origin of the backend as browsers see it; `http://localhost:PORT` outside production.'),
  DATABASE_URL: text
    .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, 'must be sqlite:<file> or postgres://…')
    .default('sqlite:data/latchkey.sqlite')
    .describe('`sqlite:<file>` for one process, `postgres://…` for one or many.'),
  SESSION_SECRET: text
    .transform((value) => value.split(',').map((secret) => secret.trim()))
    .refine((secrets) => secrets.every(({ length }) => length >= 32), 'must have at least 32 characters')
    .optional()
    .describe(
      'Secret behind the proof that a form is ours (CSRF), at least 32 characters; to change it, the new one before the old one, separated by a comma. Required outside the sandbox.',
    ),
  SESSION_LIFETIME: seconds
    .default(1_209_600)
    .describe('Seconds after which a session ends, used or not; 14 days.'),
  SESSION_IDLE_LIFETIME: seconds
    .default(604_800)
    .describe('Seconds after its last use when a session ends; 7 days.'),
  RETURN_TO_ORIGINS: list
    .refine((origins) => origins.every(isOrigin), 'must be origins, without a path')
    .optional()
    .describe('Origins beside our own that `return_to` may lead to, separated by spaces.'),
  ...vaultKeyVariables,
  LOGTO_ENDPOINT: origin
    .optional()
    .describe('Origin of your Logto. Without it (and outside production) the sandbox runs.'),
  LOGTO_APP_ID: text.optional().describe("Logto's application id."),
  LOGTO_APP_SECRET: text.optional().describe("Logto's application secret."),
  LOGTO_AUDIENCE: indicator
    .optional()
    .describe(
      "Indicator of this backend's API at Logto. With it, access tokens are accepted; the sandbox takes `BASE_URL/api`.",
    ),
  LOGTO_SCOPES: list
    .optional()
    .describe(
      'Scopes to ask for beside `openid offline_access profile`, separated by spaces; `email` otherwise.',
    ),
  LOGTO_RESOURCES: list
    .refine((resources) => resources.every(isIndicator), 'must be absolute URIs without fragment')
    .optional()
    .describe('Indicators of further APIs that access tokens are asked for, separated by spaces.'),
  ...connectorVariables,
  ALLOWED_PRIVATE_HOSTS: list
    .refine((hosts) => hosts.every(isHost), 'must be hosts, with their port where it is not 80 or 443')
    .optional()
    .describe(
      'Hosts at private addresses that connectors may talk to and webhooks may be sent to, `name:port`, separated by spaces: for those that administrators add.',
    ),
  VAULT_RENEWAL: z
    .enum(['on', 'off'], 'must be on or off')
    .default('on')
    .describe('`off` leaves it to whoever reads a token to renew it; `on` renews those in use beforehand.'),
  AUDIT_RETENTION_DAYS: z.coerce
    .number('must be whole days')
    .int('must be whole days')
    .min(1, 'must be at least 1 day')
    .optional()
    .describe('Days after which rows of the audit log are removed; never otherwise.'),
  SANDBOX_PORT: port.default(3100).describe('TCP port of the sandbox.'),
} as const;

export type Variables = z.output<z.ZodObject<typeof variables>>;
