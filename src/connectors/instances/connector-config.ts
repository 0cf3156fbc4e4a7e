import { LatchkeyError } from '../../common/errors.js';
import type { Connector } from '../connector.js';

/** A configuration in the words of whoever sent it. */
export type ConnectorConfig = Readonly<Record<string, unknown>>;

const DEFAULT_SECRET_FIELDS: readonly string[] = ['clientSecret'];

export const secretFieldsOf = ({ descriptor }: Connector): readonly string[] =>
  descriptor.secretFields ?? DEFAULT_SECRET_FIELDS;

/** The fields whose names are, or are not, among these. */
export const only = (config: ConnectorConfig, names: readonly string[]): ConnectorConfig =>
  fieldsWhere(config, (name) => names.includes(name));
export const without = (config: ConnectorConfig, names: readonly string[]): ConnectorConfig =>
  fieldsWhere(config, (name) => !names.includes(name));

/**
 * What the connector makes of a configuration, and the part of it that is worth keeping: the connector's own fields, as
 * they were sent. Throws `connector.invalid_config`, which repeats no value.
 */
export function judgeConfig(
  { configSchema }: Connector,
  sent: ConnectorConfig,
): { readonly parsed: unknown; readonly kept: ConnectorConfig } {
  const { success, data, error } = configSchema.safeParse(sent);
  if (success) return { parsed: data, kept: only(sent, Object.keys(data as object)) };
  const issues = error.issues.map(({ code, path, message }) => ({ code, path: path.map(String), message }));
  throw new LatchkeyError('connector.invalid_config', "The connector's config is invalid.", {
    data: { issues },
  });
}

/**
 * Whether a configuration sends what it sends to another place than the former one did. A stored secret does not go
 * there by itself, since whoever may change an address need not know the secret.
 */
export function movesElsewhere(former: ConnectorConfig, next: ConnectorConfig): boolean {
  const names = new Set([...Object.keys(former), ...Object.keys(next)]);
  return [...names].some(
    (name) =>
      JSON.stringify(former[name]) !== JSON.stringify(next[name]) &&
      [former[name], next[name]].some((value) => isHost(name, value) || holdsPlace(name, value)),
  );
}

const NAMES_A_PLACE = /(endpoint|url|uri|issuer|origin|host|hostname|domain|server|tenant|region)$/i;
const HOST = /^(\[[\da-f:.]+\]|\d{1,3}(\.\d{1,3}){3}|localhost|([\w-]+\.)+[a-z][\w-]*)(:\d+)?(\/.*)?$/i;

/** Scopes look like hosts and like URLs, and are neither. */
const isHost = (name: string, value: unknown): boolean =>
  name !== 'scope' && typeof value === 'string' && HOST.test(value);

/** A URL, or a part of one by its name, wherever it stands in the value. */
function holdsPlace(name: string, value: unknown): boolean {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).some(([inner, one]) => holdsPlace(inner, one));
  return NAMES_A_PLACE.test(name) || (name !== 'scope' && typeof value === 'string' && URL.canParse(value));
}

const fieldsWhere = (config: ConnectorConfig, test: (name: string) => boolean): ConnectorConfig =>
  Object.fromEntries(Object.entries(config).filter(([name]) => test(name)));
