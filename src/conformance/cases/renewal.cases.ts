import assert from 'node:assert/strict';
import type { Cases } from '../conformance.js';
import { Secret } from '../../common/secret.js';
import type { Fault } from '../fake-provider.js';
import type { Stage } from '../stage.js';
import type { ProviderAnswer } from '../subject.js';
import { errorOf } from './exchanging.js';

const held = {
  accessToken: new Secret('conformance0access0held'),
  refreshToken: new Secret('conformance0refresh0held'),
  tokenType: 'Bearer',
};

const GONE: ProviderAnswer = { status: 400, json: { error: 'invalid_grant' } };

/** What can be done with tokens without the person, where the connector offers it. */
export const renewalCases: Cases = ({ subject, stage: open }) => [
  {
    name: 'refreshes, where it can, by one request and to a working token',
    run: async () => {
      const stage = await open();
      const refreshed = await refresh(stage);
      if (!refreshed) return;
      assert.ok(refreshed.accessToken.reveal().length > 0);
      assert.equal(stage.provider.requests.filter(({ method }) => method === 'POST').length, 1);
    },
  },
  {
    name: 'says connector.grant_invalid when the grant is gone, and only then',
    run: async () => {
      const stage = await open();
      if (!stage.configured.connector.refresh) return;
      const gone = subject.grantGone ?? GONE;
      assert.equal((await errorOf(refresh(stage, () => gone))).code, 'connector.grant_invalid');
      for (const answer of [
        { status: 503 },
        { status: 429, json: {} },
        { status: 401, json: {} },
        { text: '' },
      ])
        assert.notEqual((await errorOf(refresh(stage, () => answer))).code, 'connector.grant_invalid');
    },
  },
  {
    name: 'revokes, where it can, or says with a code why not',
    run: async () => {
      const stage = await open();
      const { connector, instance } = stage.configured;
      if (!connector.revoke) return;
      stage.provider.reset(() => ({ status: 503 }));
      const { code } = await errorOf(Promise.resolve(connector.revoke(instance, held)));
      assert.equal(code, 'connector.provider_unavailable');
      assert.ok(stage.provider.requests.length > 0);
    },
  },
];

async function refresh({ configured: { connector, instance }, provider }: Stage, fault?: Fault) {
  provider.reset(
    fault && ((answer, request) => (request.method === 'POST' ? fault(answer, request) : answer)),
  );
  return connector.refresh?.(instance, held);
}
