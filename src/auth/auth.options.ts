import { z } from 'zod';
import { ConfigurationError } from '../config/configuration.error.js';

export interface AuthModuleOptions {
  /**
   * Our own origin as browsers see it, without a path. Callback addresses are built from it alone, so the routes of
   * this module stay out of a global prefix (`setGlobalPrefix(prefix, { exclude: [...] })`).
   */
  readonly baseUrl: string;
  /** At least 32 characters; proves that a form is ours. */
  readonly sessionSecret: string;
  readonly logto: LogtoOptions;
}

export interface LogtoOptions {
  /** Logto's origin; the issuer is `<endpoint>/oidc`. */
  readonly endpoint: string;
  readonly appId: string;
  readonly appSecret: string;
  /** Beside `openid`, `offline_access` and `profile`. Default: `email`. */
  readonly scopes?: readonly string[];
  /**
   * Further parameters that a link to `/auth/sign-in` may hand on to Logto, such as `login_hint` or `prompt`. Logto's own
   * (`first_screen`, `direct_sign_in`, `identifier`, …) always may. Default: none.
   */
  readonly signInParameters?: readonly string[];
}

export const AUTH_OPTIONS = Symbol('latchkey:auth-options');

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;

const options = z.object({
  baseUrl: z.string().refine(isOrigin, 'must be an origin, without a path or trailing slash'),
  sessionSecret: z.string().min(32, 'must have at least 32 characters'),
  logto: z.object({
    endpoint: z.string().refine(isOrigin, 'must be an origin, without a path or trailing slash'),
    appId: z.string().min(1, 'is required'),
    appSecret: z.string().min(1, 'is required'),
  }),
});

/** Throws {@link ConfigurationError}, which names the option and repeats no value. */
export function assertAuthOptions(given: AuthModuleOptions): void {
  const { success, error } = options.safeParse(given);
  if (success) return;
  const faults = error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new ConfigurationError(`AuthModule: ${faults.join('; ')}`);
}
