import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Cases, ConformanceContext } from '../conformance.js';
import { newRound, type Stage } from '../stage.js';
import { secretsOf } from './secrets.js';

/** Where a person is sent. */
export const authorizationCases: Cases = (context) => [
  {
    name: 'sends the person on with state and redirect URI, each once and unchanged',
    run: async () => {
      const stage = await context.stage();
      const round = newRound(stage);
      const { searchParams } = await urlOf(stage, round);
      assert.equal(searchParams.getAll('state').join(), round.state);
      assert.equal(searchParams.getAll('redirect_uri').join(), round.redirectUri);
    },
  },
  {
    name: 'shows the browser no secret',
    run: async () => {
      const stage = await context.stage();
      const round = newRound(stage);
      const { href } = await urlOf(stage, round);
      const secrets = [...secretsOf(stage), ...(context.subject.pkce === false ? [] : [round.codeVerifier])];
      for (const secret of secrets)
        assert.ok(!decodeURIComponent(href).includes(secret), 'a secret in the address');
    },
  },
  ...(context.subject.pkce === false ? [] : [pkceCase(context)]),
  {
    name: 'names the origin of the page among those that a form may lead to',
    run: async () => {
      const stage = await context.stage();
      const { connector, instance } = stage.configured;
      const { origin } = await urlOf(stage, newRound(stage));
      assert.ok([...connector.formOrigins(instance)].includes(origin), origin);
    },
  },
];

const pkceCase = ({ stage: open }: ConformanceContext) => ({
  name: 'sends a PKCE challenge by S256 (RFC 7636)',
  run: async () => {
    const stage = await open();
    const round = newRound(stage);
    const { searchParams } = await urlOf(stage, round);
    const challenge = createHash('sha256').update(round.codeVerifier).digest('base64url');
    assert.equal(searchParams.getAll('code_challenge').join(), challenge);
    assert.equal(searchParams.getAll('code_challenge_method').join(), 'S256');
  },
});

function urlOf(
  { configured: { connector, instance } }: Stage,
  round: ReturnType<typeof newRound>,
): Promise<URL> {
  return connector.authorizationUrl(instance, round);
}
