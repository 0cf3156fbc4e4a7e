import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { againOnConflict, assertVersion, type VersionTest } from './compare-and-set.js';
import { GivenInstances } from './given-instances.js';
import { SignInExperienceStore, type SignInSettings } from './sign-in-experience.store.js';
import { StoredInstances, type Snapshot } from './stored-instances.js';

/** What is absent stays as it is; null takes the list away. */
export interface SignInChanges {
  readonly targets?: readonly string[] | null;
  readonly automaticAccountLinking?: boolean;
}

/** The sign-in experience, for administrators. */
@Injectable()
export class SignInExperience {
  constructor(
    private readonly store: SignInExperienceStore,
    private readonly stored: StoredInstances,
    private readonly given: GivenInstances,
  ) {}

  /** With the targets in their order, also where no list has been made. */
  async get(): Promise<Required<SignInSettings>> {
    const snapshot = await this.stored.reread();
    const { targets = this.knownTargets(snapshot), ...settings } = snapshot.settings;
    return { ...settings, targets };
  }

  /** Whether accounts are joined by their address, as it was a moment ago: inside a transaction too. */
  get isLinkingAutomatic(): boolean {
    return this.stored.peek().settings.automaticAccountLinking;
  }

  /** A target that no connector has is left out, as at Logto. Rejects with `connector.version_mismatch`. */
  async update(changes: SignInChanges, test?: VersionTest): Promise<Required<SignInSettings>> {
    const known = this.knownTargets(await this.stored.reread());
    await againOnConflict(async () => {
      const former = await this.store.read();
      assertVersion(former, test);
      const { targets = former.targets, automaticAccountLinking = former.automaticAccountLinking } = changes;
      const listed = targets && [...new Set(targets)].filter((target) => known.includes(target));
      return this.store.replace(former, { targets: listed ?? undefined, automaticAccountLinking });
    });
    return this.get();
  }

  /** Takes a target off the list, as part of the transaction that removes its last connector. */
  async forget(target: string, manager: EntityManager): Promise<void> {
    await againOnConflict(async () => {
      const former = await this.store.find(manager);
      if (!former.targets?.includes(target)) return true;
      const targets = former.targets.filter((one) => one !== target);
      return this.store.replace(former, { ...former, targets }, manager);
    });
  }

  private knownTargets({ instances }: Snapshot): string[] {
    const given = [...this.given.all().values()].map(({ instance }) => instance.target);
    return [...new Set([...given, ...[...instances.values()].map(({ row }) => row.target)])];
  }
}
