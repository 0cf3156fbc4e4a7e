export interface AuthModuleOptions {
  /** Our own origin as browsers see it, without a trailing slash. Callback addresses are built from it alone. */
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
}

export const AUTH_OPTIONS = Symbol('latchkey:auth-options');
