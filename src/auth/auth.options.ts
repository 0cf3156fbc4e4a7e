import { z } from 'zod';
import { ConfigurationError } from '../config/configuration.error.js';
import { localPath } from './sign-in/local-path.js';

export interface AuthModuleOptions {
  /**
   * Our own origin as browsers see it, without a path. Callback addresses are built from it alone, so the routes of
   * this module stay out of a global prefix (`setGlobalPrefix(prefix, { exclude: [...] })`).
   */
  readonly baseUrl: string;
  /** At least 32 characters; proves that a form is ours. Of several, the first signs and all are accepted: how to change it. */
  readonly sessionSecret: string | readonly string[];
  readonly logto: LogtoOptions;
  readonly session?: SessionOptions;
  readonly cookies?: CookieOptions;
  /** Origins beside our own that `return_to` may lead to, such as that of a single-page application. Default: none. */
  readonly returnToOrigins?: readonly string[];
  /**
   * A page of yours with all ways to sign in, where people are sent who have to sign in again: a path of ours. It is given
   * `return_to`. Default: the sign-in at Logto.
   */
  readonly signInPage?: string;
  /** Where a browser goes after a sign-in that named no `return_to`: a path of ours. Default: `/`. */
  readonly afterSignIn?: string;
  /** Where Logto sends the browser after a sign-out: a path of ours, registered there as post sign-out redirect URI. Default: `/`. */
  readonly afterSignOut?: string;
}

export interface LogtoOptions {
  /** Logto's origin; the issuer is `<endpoint>/oidc`. */
  readonly endpoint: string;
  readonly appId: string;
  readonly appSecret: string;
  /** Beside `openid`, `offline_access` and `profile`. Default: `email`. */
  readonly scopes?: readonly string[];
  /** Indicators of the APIs for which {@link LogtoClient} asks access tokens (RFC 8707). Default: none. */
  readonly resources?: readonly string[];
  /**
   * Our own API's indicator at Logto: the audience of the access tokens that the guards accept. Of several, the first
   * is the one in which `@Scopes` finds the permissions of a session. Without it, no access token is accepted.
   */
  readonly audience?: string | readonly string[];
  /** Words of `none`, `login` and `consent`. Without `consent` Logto grants no refresh token. Default: `consent`. */
  readonly prompt?: string;
  /** The person has proved who they are at most so long ago; otherwise Logto asks anew. In seconds. */
  readonly maxAgeSeconds?: number;
  /** Classes of authentication (`acr`) of which Logto has to vouch for one. */
  readonly acrValues?: readonly string[];
  /**
   * Further parameters that a link to the sign-in may hand on to Logto, such as `login_hint` or `prompt`. Logto's own
   * (`first_screen`, `direct_sign_in`, `identifier`, …) always may. Default: none.
   */
  readonly signInParameters?: readonly string[];
}

export interface SessionOptions {
  /** A session ends so long after the sign-in, used or not. Default: 14 days. */
  readonly absoluteLifetimeSeconds?: number;
  /** A session ends so long after its last use, which is noted to the minute. Default: 7 days. */
  readonly idleLifetimeSeconds?: number;
  /** Accounts are linked and unlinked only so long after a sign-in; later the person signs in anew. Default: 10 minutes. */
  readonly recentAuthenticationSeconds?: number;
}

export interface CookieOptions {
  /** Name of the session's cookie, and the beginning of the names of the others. Over https `__Host-` goes before it. Default: `latchkey`. */
  readonly name?: string;
  /**
   * `strict` for a session that no link from another site carries along, not even into a page. The page after a sign-in
   * is reached from Logto and comes without it too: let it load the rest by itself. Default: `lax`.
   */
  readonly sameSite?: 'lax' | 'strict';
}

/** Where the routes are, without slashes at the ends. */
export interface AuthPaths {
  /** Sign-in, callback, sign-out and back-channel logout of Logto; the beginning of sign-ins by connector. Default: `auth`. */
  readonly auth: string;
  /** Where providers send people back to, `/<callback>/:connectorId`. Default: `callback`. */
  readonly callback: string;
  /** The JSON routes, `me`, `my-account`, `verifications`, and those of administrators for accounts. Default: `api`. */
  readonly api: string;
}

export const DEFAULT_PATHS: AuthPaths = { auth: 'auth', callback: 'callback', api: 'api' };

export const AUTH_OPTIONS = Symbol('latchkey:auth-options');
export const AUTH_PATHS = Symbol('latchkey:auth-paths');

const isOrigin = (text: string): boolean =>
  /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
const origin = z.string().refine(isOrigin, 'must be an origin, without a path or trailing slash');
const required = z.string().min(1, 'is required');
const secret = z.string().min(32, 'must have at least 32 characters');
const lifetime = z.int('must be whole seconds').min(60, 'must be at least 60 seconds').optional();
const ownPath = z
  .string()
  .refine((path) => localPath(path, 'https://app.invalid') === path, 'must be a path of our own origin')
  .optional();
const indicator = z
  .string()
  .refine(
    (text) => URL.canParse(text) && !text.includes('#'),
    'must be an absolute URI without fragment (RFC 8707)',
  );
/** Logto's own indicators are those of organisations, which no API of ours has. */
const ownIndicator = indicator.refine(
  (text) => !text.startsWith('urn:logto:'),
  'must be the indicator of an API',
);
const words = z.array(
  z.string().regex(/^[\x21-\x7e]+$/, 'must be a word without spaces'),
  'must be a list of words',
);

const options = z.strictObject({
  baseUrl: origin,
  sessionSecret: z.union([secret, z.array(secret).min(1, 'is required')], 'must have at least 32 characters'),
  logto: z.strictObject({
    endpoint: origin,
    appId: required,
    appSecret: required,
    scopes: words.optional(),
    resources: z.array(indicator).optional(),
    audience: z
      .union([ownIndicator, z.array(ownIndicator)], 'must be the indicator of an API (RFC 8707)')
      .optional(),
    prompt: z
      .string()
      .regex(/^(none|(login|consent)( (login|consent))*)$/, 'must be none, or words of login and consent')
      .optional(),
    maxAgeSeconds: z.int('must be whole seconds').nonnegative('must not be negative').optional(),
    acrValues: words.optional(),
    signInParameters: words.optional(),
  }),
  session: z
    .strictObject({
      absoluteLifetimeSeconds: lifetime,
      idleLifetimeSeconds: lifetime,
      recentAuthenticationSeconds: lifetime,
    })
    .optional(),
  cookies: z
    .strictObject({
      name: z
        .string()
        .regex(/^[\w-]{1,64}$/, 'must be letters, digits, - and _')
        .refine((name) => !/^__/.test(name), 'must not begin with __')
        .optional(),
      sameSite: z.enum(['lax', 'strict']).optional(),
    })
    .optional(),
  returnToOrigins: z.array(origin).optional(),
  signInPage: ownPath,
  afterSignIn: ownPath,
  afterSignOut: ownPath,
});

/** Throws {@link ConfigurationError}, which names the option and repeats no value. */
export function assertAuthOptions(given: AuthModuleOptions): void {
  const { success, error } = options.safeParse(given);
  if (success) return;
  const faults = error.issues.map((issue) => `${nameOf(issue)} ${issue.message}`);
  throw new ConfigurationError(`AuthModule: ${faults.join('; ')}`);
}

const nameOf = ({ path }: { path: readonly PropertyKey[] }): string =>
  path.map(String).join('.') || 'options:';

const pathForm = z.string().regex(/^[\w-]+(\/[\w-]+)*$/);

/** The paths with their defaults. Throws {@link ConfigurationError}. */
export function authPaths(given: Partial<AuthPaths> = {}): AuthPaths {
  const { auth = DEFAULT_PATHS.auth, callback = DEFAULT_PATHS.callback, api = DEFAULT_PATHS.api } = given;
  const paths = { auth, callback, api };
  if (callback === `${auth}/social`)
    throw new ConfigurationError('AuthModule: paths.callback is where sign-ins by connector start');
  for (const [name, path] of Object.entries(paths))
    if (!pathForm.safeParse(path).success)
      throw new ConfigurationError(
        `AuthModule: paths.${name} must be letters, digits, - and _, with slashes between them`,
      );
  return paths;
}

/** The audiences that are ours; the first one is where sessions find their permissions. */
export const audiencesOf = ({ audience = [] }: LogtoOptions): readonly string[] => [audience].flat();
