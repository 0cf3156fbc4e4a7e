import type { CurrentUser } from '../common/current-user.js';
import type { ConfiguredConnector } from '../connectors/connector.registry.js';
import type { Identity } from '../identities/identity.entity.js';
import type { TokenSetStatus } from '../token-vault/freshness.js';
import type { ReauthorizationReason } from '../token-vault/stored-secret.entity.js';
import { duration } from './duration.js';
import type { SessionView } from './sessions.section.js';
import type { TokenSetSummary } from '../token-vault/token-vault.service.js';

/** What the home page of a signed-in user shows. */
export interface HomeView {
  readonly user: CurrentUser;
  readonly accounts: readonly Account[];
  readonly linkable: readonly { readonly id: string; readonly name: string; readonly target: string }[];
  readonly sessions: readonly SessionView[];
  readonly csrfToken: string;
  /** Where an API client finds the backend. */
  readonly baseUrl: string;
}

export interface Account {
  readonly provider: string;
  readonly target: string;
  readonly label: string;
  /** How it is unlinked. Absent for the only one, which signs the person in. */
  readonly unlink?: { readonly action: string; readonly identityId: string };
  readonly tokens?: {
    readonly status: string;
    readonly tone: Tone;
    readonly sentence: string;
    readonly scope: readonly string[];
    readonly readUrl: string;
    /** Where the person brings the grant back. Absent where nothing calls for it, or the connector is gone. */
    readonly reconnectUrl?: string;
  };
}

type Tone = 'good' | 'warn' | 'bad';

interface Facts {
  readonly identities: readonly Identity[];
  readonly tokenSets: readonly TokenSetSummary[];
  readonly connectors: readonly ConfiguredConnector[];
  readonly now: number;
}

export function accountsOf({
  identities,
  tokenSets,
  connectors,
  now,
}: Facts): Pick<HomeView, 'accounts' | 'linkable'> {
  const configured = new Map(connectors.map((connector) => [connector.instance.id, connector]));
  const linked = new Set(identities.map(({ connectorId }) => connectorId));
  return {
    accounts: identities.map((identity) => {
      const { id: identityId, connectorId, target, subject } = identity;
      const summary = tokenSets.find((held) => held.connectorId === connectorId && held.subject === subject);
      const connector = configured.get(connectorId);
      return {
        provider: connector?.instance.name ?? (target === 'logto' ? 'Logto' : target),
        target,
        label: identity.email ?? identity.name ?? subject,
        unlink:
          identities.length > 1 ? { action: `/auth/social/${connectorId}/unlink`, identityId } : undefined,
        tokens: summary && tokensOf(summary, { now, connector }),
      };
    }),
    linkable: connectors
      .filter(({ instance: { id } }) => !linked.has(id))
      .map(({ instance: { id, name, target } }) => ({ id, name, target })),
  };
}

const APPEARANCE: Readonly<Record<TokenSetStatus, { status: string; tone: Tone }>> = {
  active: { status: 'Active', tone: 'good' },
  expiring: { status: 'Ends soon', tone: 'warn' },
  degraded: { status: 'Provider has a problem', tone: 'warn' },
  reauthorization_required: { status: 'Needs you again', tone: 'bad' },
  revoked: { status: 'Ended', tone: 'bad' },
};

const PERSON_NEEDED: ReadonlySet<TokenSetStatus> = new Set([
  'expiring',
  'reauthorization_required',
  'revoked',
]);

function tokensOf(
  summary: TokenSetSummary,
  { now, connector }: { now: number; connector?: ConfiguredConnector },
): Account['tokens'] {
  const { status, connectorId, target, scope } = summary;
  return {
    ...APPEARANCE[status],
    sentence: sentenceOf(summary, now),
    scope: (scope ?? '').split(' ').filter(Boolean).map(shortened),
    readUrl: `/api/my-account/identities/${target}/access-token`,
    reconnectUrl:
      connector && PERSON_NEEDED.has(status) ? `/auth/social/${connectorId}/reauthorize` : undefined,
  };
}

function sentenceOf(summary: TokenSetSummary, now: number): string {
  const { status, reason, expiresAt, refreshTokenExpiresAt } = summary;
  if (status === 'reauthorization_required' || status === 'revoked')
    return SENTENCES[reason ?? 'no_refresh_token'];
  if (status === 'expiring' && refreshTokenExpiresAt !== null)
    return `The provider ends this access in ${duration(Math.max(0, refreshTokenExpiresAt - now))}. Reconnect to keep it.`;
  if (expiresAt === null) return 'The access token has no end.';
  const end =
    expiresAt > now ? `The access token ends in ${duration(expiresAt - now)}` : 'The access token has ended';
  if (status === 'degraded') return `${end}. Renewing it failed last time and will be tried again.`;
  return end + renewalOf(summary);
}

const SENTENCES: Readonly<Record<ReauthorizationReason, string>> = {
  grant_invalid: 'The provider has ended this access. Reconnect to bring it back.',
  revoked_by_provider: 'This access was ended at the provider. Reconnect to bring it back.',
  no_refresh_token: 'The access token has ended, and cannot be renewed without you.',
  rotation_response_lost:
    'An answer of the provider was lost, and with it this access. Reconnect to bring it back.',
};

/** What becomes of the access token at its end, as the end of a sentence. */
function renewalOf({ status, hasRefreshToken }: TokenSetSummary): string {
  if (hasRefreshToken) return ', and is renewed when asked for.';
  return status === 'active' ? ', and is renewed when asked for before then.' : '. Only you can renew it.';
}

/** Google's scopes are addresses; their last part is what tells them apart. */
const shortened = (scope: string): string => scope.replace(/^https:\/\/\S*\/(?=\S)/, '');
