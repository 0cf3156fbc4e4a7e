import type { CurrentUser } from '../common/current-user.js';
import type { ConfiguredConnector } from '../connectors/connector.registry.js';
import type { Identity } from '../identities/identity.entity.js';
import type { TokenSetStatus } from '../token-vault/freshness.js';
import type { TokenSetSummary } from '../token-vault/token-vault.service.js';

/** What the home page of a signed-in user shows. */
export interface HomeView {
  readonly user: CurrentUser;
  readonly accounts: readonly Account[];
  readonly linkable: readonly { readonly id: string; readonly name: string }[];
  readonly csrfToken: string;
}

export interface Account {
  readonly provider: string;
  readonly label: string;
  readonly tokens?: {
    readonly status: string;
    readonly tone: 'good' | 'warn' | 'bad';
    readonly sentence: string;
    readonly scope: readonly string[];
    readonly readUrl: string;
    readonly reconnectUrl?: string;
  };
}

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
  const names = new Map(connectors.map(({ instance }) => [instance.id, instance.name]));
  const linked = new Set(identities.map(({ connectorId }) => connectorId));
  return {
    accounts: identities.map((identity) => ({
      provider: names.get(identity.connectorId) ?? (identity.target === 'logto' ? 'Logto' : identity.target),
      label: identity.email ?? identity.name ?? identity.subject,
      tokens: tokensOf(
        tokenSets.find(
          ({ connectorId, subject }) => connectorId === identity.connectorId && subject === identity.subject,
        ),
        now,
      ),
    })),
    linkable: connectors
      .map(({ instance: { id, name } }) => ({ id, name }))
      .filter(({ id }) => !linked.has(id)),
  };
}

const APPEARANCE: Readonly<Record<TokenSetStatus, { status: string; tone: 'good' | 'warn' | 'bad' }>> = {
  active: { status: 'Active', tone: 'good' },
  expiring: { status: 'Expiring', tone: 'warn' },
  degraded: { status: 'Provider has a problem', tone: 'warn' },
  reauthorization_required: { status: 'Needs you again', tone: 'bad' },
};

function tokensOf(summary: TokenSetSummary | undefined, now: number): Account['tokens'] {
  if (!summary) return undefined;
  const { status, connectorId, target, scope } = summary;
  return {
    ...APPEARANCE[status],
    sentence: sentenceOf(summary, now),
    scope: scope?.split(' ') ?? [],
    readUrl: `/api/my-account/identities/${target}/access-token`,
    reconnectUrl:
      status === 'reauthorization_required' ? `/auth/social/${connectorId}/reauthorize` : undefined,
  };
}

function sentenceOf({ status, expiresAt, hasRefreshToken }: TokenSetSummary, now: number): string {
  if (status === 'reauthorization_required')
    return 'The provider no longer renews this access. Reconnect to bring it back.';
  if (expiresAt === null) return 'Access token without an expiry.';
  const left =
    expiresAt > now ? `Access token good for ${duration(expiresAt - now)}` : 'Access token expired';
  return hasRefreshToken ? `${left}, renewed when asked for.` : `${left}, and cannot be renewed without you.`;
}

function duration(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}
