import type { FakeGrant } from '../../identities/fake.connector.js';
import { somebody, type Stage } from '../../identities/stage.js';
import { Browser, type Page } from '../../support/browser.js';

/** Somebody in front of a browser, who has accounts at the fake providers. */
export class Person {
  readonly browser = new Browser();

  constructor(readonly stage: Stage) {}

  /** Goes to the provider and comes back with the grant. */
  async roundTrip(start: Promise<Response>, grant: FakeGrant, connectorId = 'alpha'): Promise<Page> {
    const location = (await start).headers.get('location') ?? '';
    const state = new URL(location).searchParams.get('state') ?? '';
    const query = new URLSearchParams({ state, code: this.stage.provider.grant(grant) });
    return this.browser.open(`${this.stage.url}/callback/${connectorId}?${query.toString()}`);
  }

  signIn(grant: FakeGrant = { identity: somebody().identity }, connectorId = 'alpha'): Promise<Page> {
    const start = this.browser.request(`${this.stage.url}/auth/social/${connectorId}`);
    return this.roundTrip(start, grant, connectorId);
  }

  /** Sends a form of the home page by its action. */
  async post(path: string, fields: Record<string, string> = {}): Promise<Response> {
    const home = await this.browser.open(`${this.stage.url}/`);
    const proof = /name="csrf_token" value="([^"]+)"/.exec(home.html)?.[1] ?? '';
    return this.browser.request(`${this.stage.url}${path}`, {
      method: 'POST',
      body: new URLSearchParams({ csrf_token: proof, ...fields }),
      headers: { origin: this.stage.url },
    });
  }

  link(grant: FakeGrant, connectorId = 'beta'): Promise<Page> {
    return this.roundTrip(this.post(`/auth/social/${connectorId}/link`), grant, connectorId);
  }

  api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    return this.browser.json(`${this.stage.url}/api${path}`, {
      method,
      headers: {
        origin: this.stage.url,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  async id(): Promise<string> {
    return String((await this.api('GET', '/me')).body['id']);
  }

  /** A verification of this account, to its end; its record's id. */
  async verified(grant: FakeGrant, connectorId = 'beta', scope?: string): Promise<string> {
    const start = { connectorId, state: 'my-state', redirectUri: `${this.stage.url}/done`, scope };
    const { body } = await this.api('POST', '/verifications/social', start);
    const verificationRecordId = String(body['verificationRecordId']);
    const connectorData = { code: this.stage.provider.grant(grant), state: 'my-state' };
    const { status } = await this.api('POST', '/verifications/social/verify', {
      verificationRecordId,
      connectorData,
    });
    if (status !== 200) throw new Error(`the verification was answered with ${status}`);
    return verificationRecordId;
  }
}
