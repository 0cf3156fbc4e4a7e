import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Secret } from '../../common/secret.js';
import { Sealer } from '../../sealing/sealer.js';
import { bindingOf, type BoundFacts, type Hook } from './hook.entity.js';

const secrets = z.object({
  signingKey: z.string(),
  /** The key before, which goes on signing beside the present one for a while. `until` in seconds since the epoch. */
  former: z.object({ signingKey: z.string(), until: z.number() }).optional(),
  headers: z.record(z.string(), z.string()),
});

/** What is sealed of a webhook. */
export type HookSecrets = Readonly<z.output<typeof secrets>>;

/** Puts a webhook's secrets into its row and takes them out. */
@Injectable()
export class HookSecretsSealer {
  constructor(private readonly sealer: Sealer) {}

  async seal(held: HookSecrets, row: BoundFacts): Promise<Pick<Hook, 'sealed' | 'headerNames'>> {
    return {
      headerNames: JSON.stringify(Object.keys(held.headers)),
      sealed: await this.sealer.seal(JSON.stringify(held), bindingOf(row)),
    };
  }

  /** Rejects with `vault.integrity_error` or `vault.key_unavailable`. */
  async open(row: Hook): Promise<Secret<HookSecrets>> {
    const text = await this.sealer.open(row.sealed, bindingOf(row));
    return new Secret(secrets.parse(JSON.parse(text)));
  }
}
