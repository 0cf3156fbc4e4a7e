import { ConfigurationError } from '../../config/configuration.error.js';

/** How token sets are renewed in the background. */
export interface RenewalOptions {
  /** Only those that were handed out, or first stored, within so many days. Default: 30. */
  readonly usedWithinDays?: number;
  /** Renewals of one connector instance that begin in a second, at most. Default: 25. */
  readonly perSecond?: number;
  /** Renewals of one connector instance that are under way at the same time, at most. Default: 10. */
  readonly parallel?: number;
}

const DEFAULTS: Required<RenewalOptions> = { usedWithinDays: 30, perSecond: 25, parallel: 10 };

/** With defaults; nothing where it is switched off. Throws {@link ConfigurationError} for a number that is no positive one. */
export function renewalSettings(options: RenewalOptions | false = {}): Required<RenewalOptions> | undefined {
  if (options === false) return undefined;
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given)
    if (!Number.isInteger(value) || Number(value) < 1)
      throw new ConfigurationError(`renewal.${name} must be a positive whole number`);
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}
