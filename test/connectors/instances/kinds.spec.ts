import { Module } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../../../src/config/configuration.error.js';
import { ConnectorsModule } from '../../../src/connectors/connectors.module.js';
import { temporaryDatabase, type TemporaryDatabase } from '../../support/databases.js';
import { startProcess, tiny } from './application.js';
import { StandardConnector, TinyConnector } from './tiny.connector.js';

@Module({ imports: [ConnectorsModule.forFeature([TinyConnector])] })
class FeatureModule {}

@Module({ imports: [ConnectorsModule.forFeature([StandardConnector])] })
class OtherFeatureModule {}

describe('the connectors of an application', () => {
  let database: TemporaryDatabase;

  beforeEach(async () => {
    database = await temporaryDatabase('SQLite');
  });

  afterEach(() => database.drop());

  it.each([
    ['before', 'after'],
    ['after', 'before'],
  ] as const)('come from its features too, imported %s and %s the module', async (first, second) => {
    const standard = { ...tiny('standard'), connectorId: 'standard', target: 'mine' };
    const features = { [first]: [FeatureModule], [second]: [OtherFeatureModule] };
    const instances = [tiny('tiny'), standard];
    const process = await startProcess(database.url, { connectors: [], instances, ...features });
    try {
      const list = await process.registry.list();
      expect(list.map(({ instance, connector }) => [instance.target, connector.descriptor.id])).toEqual([
        ['tiny', 'tiny-universal'],
        ['mine', 'standard'],
      ]);
    } finally {
      await process.close();
    }
  });

  const refusal = (options: Parameters<typeof startProcess>[1]) =>
    startProcess(database.url, options).then(
      async (started) => {
        await started.close();
        return 'started';
      },
      (error: unknown) => error,
    );

  it('are one for each descriptor id', async () => {
    for (const options of [
      { connectors: [TinyConnector, class Twin extends TinyConnector {}] },
      { connectors: [TinyConnector], after: [FeatureModule] },
    ]) {
      const error = await refusal(options);
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(String(error)).toContain('two connectors have the descriptor id "tiny-universal"');
    }
  });

  it.each<[string, object, RegExp]>([
    ['an unknown kind', { connectorId: 'nope' }, /"bad" is of an unknown kind, "nope"/],
    ['an id that is no part of a URL', { id: 'a/b' }, /"a\/b" has an id that does not fit/],
    ['a target that is no part of a URL', { target: 'a b' }, /"bad" has a target that does not fit/],
    ['Logto’s own name', { target: 'logto' }, /"bad" is called "logto"/],
    [
      'a bad configuration',
      { config: { clientId: 1, clientSecret: 'hush-hush' } },
      /"bad" has a bad clientId/,
    ],
  ])('do not start with an instance of %s', async (_name, change, message) => {
    const error = await refusal({ instances: [{ ...tiny('bad'), ...change }] });
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain('hush-hush');
  });

  it('do not start with two instances of one id', async () => {
    expect(String(await refusal({ instances: [tiny('one'), tiny('one')] }))).toMatch(
      /"one" is configured twice/,
    );
  });
});
