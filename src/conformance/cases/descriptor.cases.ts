import assert from 'node:assert/strict';
import type { Cases } from '../conformance.js';

/** What a connector says of itself. */
export const descriptorCases: Cases = ({ stage }) => [
  {
    name: 'describes itself with an id and a target that fit into a path, and a name',
    run: async () => {
      const { id, target, name, refreshMarginSeconds } = (await stage()).configured.connector.descriptor;
      assert.match(id, /^[\w.-]{1,64}$/);
      assert.match(target, /^[\w.-]{1,64}$/);
      assert.ok(name.trim() !== '' && name.length <= 64, 'a name for people');
      assert.ok(
        Number.isSafeInteger(refreshMarginSeconds) && refreshMarginSeconds >= 0,
        'a margin in seconds',
      );
    },
  },
  {
    name: 'names among its secret fields only fields that its configuration has',
    run: async () => {
      const { connector, instance } = (await stage()).configured;
      const config = instance.config as Record<string, unknown>;
      for (const field of connector.descriptor.secretFields ?? ['clientSecret'])
        assert.ok(Object.hasOwn(config, field), `${field} is a field of the configuration`);
    },
  },
  {
    name: 'refuses a configuration that is empty, or that is none',
    run: async () => {
      const { configSchema } = (await stage()).configured.connector;
      for (const config of [{}, null, undefined, 'x', 0, []])
        assert.equal(configSchema.safeParse(config).success, false, JSON.stringify(config));
    },
  },
  {
    name: 'drops what its configuration does not know',
    run: async () => {
      const { connector, instance } = (await stage()).configured;
      const parsed = connector.configSchema.parse({ ...(instance.config as object), latchkeyUnknown: 1 });
      assert.ok(!Object.hasOwn(parsed as object, 'latchkeyUnknown'));
    },
  },
];
