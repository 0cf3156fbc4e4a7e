import type { Adapter, AdapterPayload, errors } from 'oidc-provider';
import { z } from 'zod';
import { systemSeconds } from '../../common/clock.js';

const recordSchema = z.object({
  payload: z.record(z.string(), z.unknown()),
  expiresAt: z.number().optional(),
});

/** Records by `<model>:<id>`: a list of pairs in the file, a map in memory. */
export const recordsSchema = z
  .array(z.tuple([z.string(), recordSchema]))
  .transform((pairs) => new Map(pairs));

export type Records = z.infer<typeof recordsSchema>;

interface RecordsAdapterOptions {
  readonly model: string;
  readonly records: Records;
  /** Keys of the records that were consumed, also after they are gone. */
  readonly consumed: Set<string>;
  readonly changed: () => void;
  readonly InvalidGrant: typeof errors.InvalidGrant;
}

/** Keeps what oidc-provider asks to keep. Payloads are copied on the way in and out, as a database would. */
export class RecordsAdapter implements Adapter {
  constructor(private readonly options: RecordsAdapterOptions) {}

  async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    this.prune();
    const expiresAt = expiresIn === undefined ? undefined : systemSeconds() + expiresIn;
    this.options.records.set(this.key(id), { payload: structuredClone({ ...payload }), expiresAt });
    this.options.changed();
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const record = this.options.records.get(this.key(id));
    return record === undefined || hasExpired(record) ? undefined : structuredClone(record.payload);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    for (const record of this.ofModel().values()) {
      if (record.payload['uid'] === uid && !hasExpired(record)) return structuredClone(record.payload);
    }
    return undefined;
  }

  async findByUserCode(): Promise<undefined> {
    return undefined;
  }

  /**
   * Atomic: oidc-provider looks first and consumes later, so of parallel redemptions all but one fail here.
   * A refresh token that fails ends its grant, as it would where oidc-provider had seen it consumed.
   */
  async consume(id: string): Promise<void> {
    const { records, model, consumed, changed, InvalidGrant } = this.options;
    const record = records.get(this.key(id));
    if (record === undefined || record.payload['consumed'] !== undefined) {
      if (model === 'RefreshToken' && record) endGrant(records, String(record.payload['grantId']));
      changed();
      throw new InvalidGrant(`${model} already consumed`);
    }
    record.payload['consumed'] = systemSeconds();
    consumed.add(this.key(id));
    changed();
  }

  async destroy(id: string): Promise<void> {
    this.options.records.delete(this.key(id));
    this.options.changed();
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, record] of this.ofModel()) {
      if (record.payload['grantId'] === grantId) this.options.records.delete(key);
    }
    this.options.changed();
  }

  private ofModel(): Records {
    return new Map([...this.options.records].filter(([key]) => key.startsWith(`${this.options.model}:`)));
  }

  private prune(): void {
    for (const [key, record] of this.options.records) {
      if (hasExpired(record)) this.options.records.delete(key);
    }
  }

  private key(id: string): string {
    return `${this.options.model}:${id}`;
  }
}

/** Removes the grant and every code and token that goes back to it. */
export function endGrant(records: Records, grantId: string): void {
  records.delete(`Grant:${grantId}`);
  for (const [key, { payload }] of records) if (payload['grantId'] === grantId) records.delete(key);
}

/** The ids of an account's records of one model. */
export function idsOfAccount(records: Records, model: string, accountId: string): readonly string[] {
  return [...records]
    .filter(([key, { payload }]) => key.startsWith(`${model}:`) && payload['accountId'] === accountId)
    .map(([key]) => key.slice(model.length + 1));
}

/** The keys of what was consumed and is still there. */
export const consumedKeys = (records: Records): Set<string> =>
  new Set([...records].filter(([, { payload }]) => payload['consumed'] !== undefined).map(([key]) => key));

const hasExpired = ({ expiresAt }: z.infer<typeof recordSchema>): boolean =>
  expiresAt !== undefined && expiresAt <= systemSeconds();
