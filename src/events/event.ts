type TokenSetState = 'active' | 'expiring' | 'degraded' | 'reauthorization_required' | 'revoked';

interface OfTokenSet {
  readonly connectorId: string;
  readonly target: string;
  readonly secretId: string;
}

interface OfIdentity {
  readonly connectorId: string;
  readonly target: string;
  readonly identityId: string;
}

/**
 * Every event by its name, and what it tells beside whom it concerns: ids, names and stable codes. Never a token, an
 * e-mail address or a provider's text. Names that Logto has are Logto's.
 */
export interface EventData {
  readonly 'TokenSet.Stored': OfTokenSet;
  readonly 'TokenSet.Refreshed': OfTokenSet;
  readonly 'TokenSet.StatusUpdated': OfTokenSet & {
    readonly from: TokenSetState;
    readonly to: TokenSetState;
    /** Why, by a stable name. */
    readonly reason: string | null;
  };
  readonly 'TokenSet.Deleted': OfTokenSet;
  readonly 'Identity.Linked': OfIdentity;
  readonly 'Identity.Unlinked': OfIdentity;
  /** The account is the one that they came with. */
  readonly 'User.Created': OfIdentity;
  readonly 'User.Deleted': Readonly<Record<string, never>>;
  readonly 'User.SuspensionStatus.Updated': { readonly isSuspended: boolean };
}

export type EventName = keyof EventData;

/** Something that has happened to a user. */
export type LatchkeyEvent = {
  readonly [Name in EventName]: {
    readonly event: Name;
    readonly userId: string;
    readonly data: EventData[Name];
  };
}[EventName];

/** The same as it is told. An event that is told twice has the same id. */
export type Occurrence<Name extends EventName = EventName> = Extract<LatchkeyEvent, { event: Name }> & {
  readonly id: string;
  /** ISO 8601, to the second. */
  readonly createdAt: string;
};

const tokenSet: OfTokenSet = { connectorId: 'google', target: 'google', secretId: 'a-test' };
const identity: OfIdentity = { connectorId: 'google', target: 'google', identityId: 'a-test' };

/** An example of each: what a test delivery tells. */
export const SAMPLES: EventData = {
  'TokenSet.Stored': tokenSet,
  'TokenSet.Refreshed': tokenSet,
  'TokenSet.StatusUpdated': {
    ...tokenSet,
    from: 'active',
    to: 'reauthorization_required',
    reason: 'grant_invalid',
  },
  'TokenSet.Deleted': tokenSet,
  'Identity.Linked': identity,
  'Identity.Unlinked': identity,
  'User.Created': identity,
  'User.Deleted': {},
  'User.SuspensionStatus.Updated': { isSuspended: true },
};

export const EVENT_NAMES = Object.keys(SAMPLES) as [EventName, ...EventName[]];
