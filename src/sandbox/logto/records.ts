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

  /** Atomic: oidc-provider looks first and consumes later, so of parallel redemptions all but one fail here. */
  async consume(id: string): Promise<void> {
    const record = this.options.records.get(this.key(id));
    if (record === undefined || record.payload['consumed'] !== undefined) {
      throw new this.options.InvalidGrant(`${this.options.model} already consumed`);
    }
    record.payload['consumed'] = systemSeconds();
    this.options.changed();
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

const hasExpired = ({ expiresAt }: z.infer<typeof recordSchema>): boolean =>
  expiresAt !== undefined && expiresAt <= systemSeconds();
