import type { ClientsByProvider } from './clients.js';
import { type FacebookDialect, facebookDialect } from './facebook/facebook.dialect.js';
import { type GoogleDialect, googleDialect } from './google/google.dialect.js';
import { type GitHubDialect, githubDialect } from './github/github.dialect.js';
import type { ProviderClock } from './provider-clock.js';
import type { State } from './state.js';
import { type WecomDialect, wecomDialect } from './wecom/wecom.dialect.js';
import { type XDialect, xDialect } from './x/x.dialect.js';

/** The providers, Logto apart: it is oidc-provider, and comes with sessions. Each is a {@link Dialect}. */
export interface Dialects {
  readonly google: GoogleDialect;
  readonly github: GitHubDialect;
  readonly facebook: FacebookDialect;
  readonly x: XDialect;
  readonly wecom: WecomDialect;
}

export interface DialectOptions {
  /** Of the sandbox; a provider's paths begin with its name. */
  readonly url: string;
  readonly clients: ClientsByProvider;
  readonly clock: ProviderClock;
  readonly state: State;
}

export const createDialects = (options: DialectOptions): Dialects => ({
  google: googleDialect(options),
  github: githubDialect(options),
  facebook: facebookDialect(options),
  x: xDialect(options),
  wecom: wecomDialect(options),
});
