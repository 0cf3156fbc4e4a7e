import type { Stage } from '../stage.js';

/** The secret values of the instance under test. */
export function secretsOf({ configured: { connector, instance } }: Stage): readonly string[] {
  const config = instance.config as Readonly<Record<string, unknown>>;
  const fields = connector.descriptor.secretFields ?? ['clientSecret'];
  return fields.map((field) => String(config[field]));
}
