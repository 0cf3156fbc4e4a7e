import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { environments } from '../../support/backend.js';
import { NotificationStage } from './stage.js';

const REVOKED = { code: 'reauthorization_required', data: { reason: 'grant_invalid' } };

describe.each(environments)('what GitHub tells on $platform and $database', (environment) => {
  let stage: NotificationStage;
  let secret: string;

  beforeAll(async () => {
    stage = await NotificationStage.open(environment);
    secret = stage.sandbox.github.webhookSecret;
  });
  afterAll(() => stage.close());

  const deliver = (options: { secret?: string; event?: string; payload?: object } = {}) =>
    stage.post('github', stage.sandbox.githubDelivery({ personaId: 'alice', secret, ...options }));

  it('ends the tokens of whoever takes the access away, and no session (WH-08)', async () => {
    const [alice, bob] = [await stage.signIn('github', 'alice'), await stage.signIn('github', 'bob')];
    stage.sandbox.revokeGrants('github', 'alice');
    expect(await stage.sandbox.notify({ provider: 'github', personaId: 'alice' })).toMatchObject({
      status: 202,
    });
    expect(await stage.read(alice, 'github')).toMatchObject({ status: 409, body: REVOKED });
    expect((await stage.me(alice)).status).toBe(200);
    expect((await stage.read(bob, 'github')).status).toBe(200);
  });

  it('comes by the button of the sandbox as it does from GitHub: after the access was taken away', async () => {
    const alice = await stage.signIn('github', 'alice');
    const order = JSON.stringify({ notice: 'github/revoked', persona: 'alice' });
    expect((await fetch(`${stage.sandbox.url}/notices`, { method: 'POST', body: order })).status).toBe(204);
    expect(await stage.read(alice, 'github')).toMatchObject({ status: 409, body: REVOKED });
  });

  it('ends nothing that was granted after it, however often somebody sends it again', async () => {
    const delivery = stage.sandbox.githubDelivery({ personaId: 'alice', secret });
    for (const copy of ['first', 'second']) {
      stage.sandbox.revokeGrants('github', 'alice');
      const alice = await stage.signIn('github', 'alice');
      const headers = { ...delivery.headers, 'x-github-delivery': copy };
      expect((await stage.post('github', { ...delivery, headers })).status).toBe(202);
      expect((await stage.read(alice, 'github')).status).toBe(200);
    }
  });

  it('is believed for a delivery as a form too (WH-08)', async () => {
    const alice = await stage.signIn('github', 'alice');
    stage.sandbox.revokeGrants('github', 'alice');
    const { headers, body } = stage.sandbox.githubDelivery({ personaId: 'alice', secret });
    const form = new URLSearchParams({ payload: body }).toString();
    const signature = `sha256=${createHmac('sha256', secret).update(form).digest('hex')}`;
    const sent = {
      ...headers,
      'content-type': 'application/x-www-form-urlencoded',
      'x-hub-signature-256': signature,
    };
    expect((await stage.post('github', { headers: sent, body: form })).status).toBe(202);
    expect((await stage.read(alice, 'github')).status).toBe(409);
  });

  it('is over the bytes as they came, however they are written (WH-08)', async () => {
    const alice = await stage.signIn('github', 'alice');
    stage.sandbox.revokeGrants('github', 'alice');
    const { headers } = stage.sandbox.githubDelivery({ personaId: 'alice', secret });
    const body = '{ "action":"revoked",\r\n "note": "\\u00e9 é 1.0", "sender" : { "id" : 40172365 } }\n';
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    expect(
      (await stage.post('github', { headers: { ...headers, 'x-hub-signature-256': signature }, body }))
        .status,
    ).toBe(202);
    expect((await stage.read(alice, 'github')).status).toBe(409);
  });

  it('is refused without a signature, with another one, and with one by SHA-1 alone (WH-09)', async () => {
    const alice = await stage.signIn('github', 'alice');
    const { headers, body } = stage.sandbox.githubDelivery({ personaId: 'alice', secret });
    const { 'x-hub-signature-256': signature, ...withSha1 } = headers;
    const { 'x-hub-signature': _, ...unsigned } = withSha1;
    const wrong = [
      unsigned,
      withSha1,
      { ...withSha1, 'x-hub-signature-256': '' },
      { ...withSha1, 'x-hub-signature-256': headers['x-hub-signature'] },
      { ...withSha1, 'x-hub-signature-256': `${signature.slice(0, -1)}x` },
      { ...withSha1, 'x-hub-signature-256': signature.toUpperCase() },
      { ...withSha1, 'x-hub-signature-256': `${signature}, ${signature}` },
      stage.sandbox.githubDelivery({ personaId: 'alice', secret: 'made up' }).headers,
    ];
    for (const sent of wrong)
      expect(await stage.post('github', { headers: sent, body })).toMatchObject({
        status: 403,
        body: { code: 'notification.signature_invalid' },
      });
    expect((await stage.post('github', { headers, body: `${body} ` })).status).toBe(403);
    expect((await stage.read(alice, 'github')).status).toBe(200);
  });

  it('has no effect where it is a ping or another event, which are taken', async () => {
    const alice = await stage.signIn('github', 'alice');
    for (const event of ['ping', 'installation', 'star', ''])
      expect((await deliver({ event, payload: { zen: 'Keep it logically awesome.' } })).status).toBe(202);
    expect((await stage.read(alice, 'github')).status).toBe(200);
  });

  it('is refused where it is signed and makes no sense', async () => {
    for (const payload of [
      {},
      [],
      { action: 'revoked' },
      { action: 'revoked', sender: { id: 'x' } },
      { action: 'created', sender: { id: 1 } },
    ])
      expect((await deliver({ payload })).status).toBe(400);
    for (const body of ['', '{', 'null', '\0', '[]'.repeat(10), '{"a":'.repeat(2000)]) {
      const { headers } = stage.sandbox.githubDelivery({ personaId: 'alice', secret });
      const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
      const { status } = await stage.post('github', {
        headers: { ...headers, 'x-hub-signature-256': signature },
        body,
      });
      expect([body.slice(0, 9), status]).toEqual([body.slice(0, 9), 400]);
    }
  });
});
