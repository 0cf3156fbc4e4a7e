import assert from 'node:assert/strict';
import type { Cases } from '../conformance.js';
import { CODE } from '../subject.js';
import { errorOf, exchange } from './exchanging.js';
import { secretsOf } from './secrets.js';

/** What a callback is turned into. */
export const exchangeCases: Cases = ({ subject, stage: open }) => [
  {
    name: 'recognises the person of a good callback',
    run: async () => {
      const { identity } = await exchange(await open(), subject);
      for (const [name, expected] of Object.entries(subject.identity))
        assert.deepEqual(identity[name as keyof typeof identity], expected, name);
      assert.match(identity.subject, /^[\x20-\x7e]{1,255}$/);
      assert.match(identity.issuer, /^[\x20-\x7e]{1,255}$/);
      assert.equal(typeof identity.emailVerified, 'boolean');
      assert.ok(!identity.emailVerified || identity.email, 'a verified address is an address');
      assert.ok(
        identity.avatar === undefined || identity.avatar.startsWith('https://'),
        'a picture by https',
      );
    },
  },
  {
    name: 'spends the code once, and asks for nothing twice',
    run: async () => {
      const stage = await open();
      await exchange(stage, subject);
      const asked = stage.provider.requests.map(({ method, url, body }) => `${method} ${url.href} ${body}`);
      assert.equal(new Set(asked).size, asked.length, 'no request is sent twice');
      if (subject.callback) return;
      assert.equal(asked.filter((text) => text.includes(CODE)).length, 1, 'one request carries the code');
    },
  },
  {
    name: 'puts no client secret and no person’s code into an address that need not have it',
    run: async () => {
      const stage = await open();
      await exchange(stage, subject);
      if (subject.secretInAddress) return;
      for (const { url } of stage.provider.requests)
        for (const secret of [...secretsOf(stage), CODE])
          assert.ok(!decodeURIComponent(url.href).includes(secret), `a secret in ${url.pathname}`);
    },
  },
  {
    name: 'keeps tokens out of what it keeps of the profile',
    run: async () => {
      const stage = await open();
      const { identity, tokenSet } = await exchange(stage, subject);
      const kept = JSON.stringify(identity);
      const tokens = [tokenSet?.accessToken.reveal(), tokenSet?.refreshToken?.reveal()];
      for (const token of [...tokens, ...secretsOf(stage)])
        assert.ok(!token || !kept.includes(token), 'a credential in the identity');
      assert.ok(
        !JSON.stringify(tokenSet ?? {}).includes(JSON.stringify(tokens[0] ?? '\0')),
        'tokens print as redacted',
      );
    },
  },
  {
    name: 'says auth.access_denied when the person cancels, and asks the provider nothing',
    run: async () => {
      const stage = await open();
      const callback = subject.cancel ?? { error: 'access_denied' };
      const { code } = await errorOf(exchange(stage, subject, { callback }));
      assert.equal(code, 'auth.access_denied');
      assert.ok(stage.provider.requests.every(({ method }) => method === 'GET'));
    },
  },
  {
    name: 'refuses a callback with two codes, an empty one or an unknown error, and repeats nothing of it',
    run: async () => {
      const stage = await open();
      const text = '<script>alert(1)</script>';
      const callbacks = [
        { code: '' },
        { code: ['one', 'two'] },
        { code: 'one', error: text, error_description: text },
      ];
      for (const callback of callbacks) {
        const error = await errorOf(exchange(stage, subject, { callback }));
        assert.ok(!error.message.includes(text) && !JSON.stringify(error.data ?? {}).includes(text));
      }
    },
  },
];
