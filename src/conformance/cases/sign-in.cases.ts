import assert from 'node:assert/strict';
import type { Cases } from '../conformance.js';
import { INSTANCE_ID, type Stage } from '../stage.js';
import { CODE, type ConformanceSubject } from '../subject.js';

/** A whole sign-in over HTTP, and the attacks on it that every connector has to withstand. */
export const signInCases: Cases = ({ subject, stage: open }) => [
  {
    name: 'signs the person in over HTTP',
    run: async () => {
      const visit = new Visit(await open(), subject);
      const parameters = await visit.start();
      assert.equal((await visit.finish(parameters)).status, 303);
      assert.equal((await visit.get('/api/me')).status, 200);
    },
  },
  {
    name: 'opens no session for a callback that comes twice, from another browser, or with another state (CB-02)',
    run: async () => {
      const stage = await open();
      const visit = new Visit(stage, subject);
      const parameters = await visit.start();
      const stranger = new Visit(stage, subject);
      assert.equal((await stranger.finish(parameters)).status, 400);
      assert.equal((await visit.finish({ ...parameters, state: 'f'.repeat(64) })).status, 400);
      assert.equal((await visit.finish(parameters)).status, 303);
      assert.equal((await new Visit(stage, subject, visit.cookie).finish(parameters)).status, 400);
      assert.equal((await stranger.get('/api/me')).status, 401);
    },
  },
  {
    name: 'opens no session when the person cancels, or the provider is away',
    run: async () => {
      const stage = await open();
      const visit = new Visit(stage, subject);
      const { state } = await visit.start();
      const cancelled = { state: state ?? '', ...(subject.cancel ?? { error: 'access_denied' }) };
      assert.equal((await visit.finish(cancelled)).status, 403);
      const parameters = await visit.start();
      stage.provider.reset(() => ({ status: 503 }));
      const { status } = await visit.finish(parameters);
      stage.provider.reset();
      assert.ok(status >= 500, `status ${status}`);
      assert.equal((await visit.get('/api/me')).status, 401);
    },
  },
];

/** A browser that follows nothing by itself. */
class Visit {
  constructor(
    private readonly stage: Stage,
    private readonly subject: ConformanceSubject,
    public cookie = '',
  ) {}

  /** Goes to the provider's page, and returns what its redirect back carries. */
  async start(): Promise<Record<string, string>> {
    this.stage.provider.reset();
    const answer = await this.get(`/auth/social/${INSTANCE_ID}`);
    assert.equal(answer.status, 303, await answer.text());
    const { searchParams } = new URL(answer.headers.get('location') ?? '');
    const [state, nonce, redirectUri] = ['state', 'nonce', 'redirect_uri'].map(
      (name) => searchParams.get(name) ?? '',
    );
    this.stage.provider.round = { state, nonce, redirectUri };
    return { state, ...(this.subject.callback ?? { code: CODE }) };
  }

  finish(parameters: Readonly<Record<string, string>>): Promise<Response> {
    return this.get(`/callback/${INSTANCE_ID}?${new URLSearchParams(parameters).toString()}`);
  }

  async get(path: string): Promise<Response> {
    const headers = { cookie: this.cookie, accept: 'application/json' };
    const answer = await fetch(`${this.stage.url}${path}`, { redirect: 'manual', headers });
    const jar = new Map(this.cookie.split('; ').map((pair) => pair.split('=') as [string, string]));
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=');
      jar.set(name, value);
    }
    this.cookie = [...jar].map((pair) => pair.join('=')).join('; ');
    return answer;
  }
}
