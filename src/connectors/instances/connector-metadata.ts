import { z } from 'zod';
import type { StoredConnector } from './stored-connector.entity.js';

/** What replaces parts of a descriptor, for one instance. */
export interface ConnectorMetadata {
  readonly target?: string;
  /** By language tag; `en` is always there. */
  readonly name?: Readonly<Record<string, string>> & { readonly en: string };
  readonly logo?: string;
  readonly logoDark?: string;
}

const metadata = z.object({
  target: z.string().optional(),
  name: z.object({ en: z.string() }).catchall(z.string()).optional(),
  logo: z.string().optional(),
  logoDark: z.string().optional(),
});

const names = z.array(z.string());

export const metadataOf = (row: StoredConnector): ConnectorMetadata => readable(metadata, row.metadata) ?? {};

export const configuredSecretsOf = (row: StoredConnector): readonly string[] =>
  readable(names, row.configuredSecrets) ?? [];

/** Names are for people alone, so a row that somebody has damaged is still shown. */
function readable<Value>(schema: z.ZodType<Value>, text: string): Value | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
