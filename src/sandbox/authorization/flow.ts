import type { Html } from '../pages/html.js';
import type { ProviderId } from '../pages/providers.js';
import type { Persona } from '../personas.js';

/** How one provider goes from an authorization request to its callback; the pages in between are the same for all. */
export interface AuthorizationFlow<Request> {
  readonly provider: ProviderId;
  /** The path of the authorization endpoint, as a route. */
  readonly path: string;
  /** Reads a query string. Client and redirect URI come first: without them, nobody can be told. */
  read(query: string): Reading<Request>;
  /** The person is known where consent is asked for, and not before. */
  question(request: Request, persona?: Persona): Question;
  /** Whether the person is asked after having been chosen. */
  isConsentDue(request: Request, persona: Persona): boolean;
  /** The callback of a request that was allowed: now, or earlier and for good. */
  allow(request: Request, consent: Consent): string;
  cancel(request: Request): string;
}

/** Asked properly; or refused on a page, because nobody vouches for the redirect URI; or sent back unasked. */
export type Reading<Request> =
  { readonly request: Request } | { readonly refusal: Refusal } | { readonly redirectTo: string };

export interface Refusal {
  readonly error: string;
  readonly explanation: string;
}

/** Who asks for what. */
export interface Question {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly ScopeChoice[];
  /** What the page says on which people are chosen, if not the usual. */
  readonly title?: string;
  readonly picture?: Html;
  /** Further things that the person has to know. */
  readonly remarks?: readonly ScopeChoice[];
  /** Named by the request: no page asks who it is. */
  readonly hinted?: Persona;
  /** Suggested first; everybody, unless told. */
  readonly isSuggested?: (persona: Persona) => boolean;
}

export interface ScopeChoice {
  readonly scope: string;
  readonly description: string;
  /** How the scope is shown where its wire form is too long. */
  readonly label?: string;
  /** Whether the person may leave it out. */
  readonly optional?: boolean;
}

export interface Consent {
  readonly persona: Persona;
  /** The scopes that were asked for, without those that the person left out. */
  readonly granted: readonly string[];
}
