import { Injectable } from '@nestjs/common';
import type { TokenSet } from '../connectors/token-set.js';
import type { StoredSecret } from './stored-secret.entity.js';
import { bindingOf } from './token-set.binding.js';
import { TokenSetSealer } from './token-set.sealer.js';

const LIMIT = 1000;
const GENERATION_MILLISECONDS = 15_000;

interface Opened {
  readonly secret: StoredSecret;
  readonly tokenSet: TokenSet;
}

/**
 * Remembers what was decrypted within the last half minute, so that a token that is asked for again and again costs one
 * read of its row each time and one decryption. The row is what counts: one that differs in any column that its seal
 * covers, or in the seal, is opened anew.
 */
@Injectable()
export class OpenedTokenSets {
  private recent = new Map<string, Opened>();
  private former = new Map<string, Opened>();
  private timer?: NodeJS.Timeout;

  constructor(private readonly sealer: TokenSetSealer) {}

  /** Rejects with `vault.integrity_error` or `vault.key_unavailable`. */
  async open(secret: StoredSecret): Promise<TokenSet> {
    const known = this.recent.get(secret.id) ?? this.former.get(secret.id);
    if (known && isSame(known.secret, secret)) return known.tokenSet;
    const tokenSet = await this.sealer.open(secret);
    if (this.recent.size >= LIMIT) this.age();
    this.recent.set(secret.id, { secret, tokenSet });
    this.timer ??= setTimeout(() => this.age(), GENERATION_MILLISECONDS).unref();
    return tokenSet;
  }

  /** What is not opened again in the meantime goes with the next generation. */
  private age(): void {
    clearTimeout(this.timer);
    this.former = this.recent;
    this.recent = new Map();
    this.timer =
      this.former.size > 0 ? setTimeout(() => this.age(), GENERATION_MILLISECONDS).unref() : undefined;
  }
}

function isSame(one: StoredSecret, other: StoredSecret): boolean {
  const { keyId, wrappedKey, ciphertext } = one.sealed;
  if (ciphertext !== other.sealed.ciphertext || wrappedKey !== other.sealed.wrappedKey) return false;
  const [bound, otherBound] = [bindingOf(one), bindingOf(other)];
  if (keyId !== other.sealed.keyId || bound.length !== otherBound.length) return false;
  return bound.every((fact, index) => fact === otherBound[index]);
}
