import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, HttpCode, Injectable, Post, Req, Res, UseGuards } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import {
  CurrentUser,
  LogtoClients,
  SessionGuard,
  Sessions,
  UserSerializer,
  type Caller,
} from '../../src/index.js';
import { User } from '../../src/identities/user.entity.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { startApplication, type Application } from './application.js';

interface Member extends CurrentUser {
  readonly department: string;
  readonly leftAt?: number;
}

/** The application's own people, with ids of its own. */
const members = new Map<string, Member>();

@Injectable()
class MemberSerializer extends UserSerializer {
  override async deserialize(id: string): Promise<CurrentUser | undefined> {
    const member = members.get(id);
    return member?.leftAt === undefined ? member : undefined;
  }
}

/** Whoever shows a badge is let in: how the application recognises people is its own business. */
@Controller('badge')
class BadgeController {
  constructor(private readonly sessions: Sessions) {}

  @Post()
  @HttpCode(204)
  async show(
    @Req() request: Caller,
    @Res({ passthrough: true }) response: unknown,
    @Body() { id }: { id: string },
  ): Promise<void> {
    await this.sessions.open(request, response, id);
  }

  @Get()
  @UseGuards(SessionGuard)
  whose(@CurrentUser() user: CurrentUser) {
    return user;
  }
}

describe.each(platforms)('an application on %s with users of its own', (platform) => {
  let application: Application;

  beforeAll(async () => {
    application = await startApplication({
      platform,
      logto: { endpoint: 'http://localhost:1', appId: 'a', appSecret: 'b' },
      auth: { userSerializer: MemberSerializer },
      controllers: [BadgeController],
    });
  });

  afterAll(() => application.close());

  const enter = async (changes: Partial<Member> = {}) => {
    const id = randomUUID();
    members.set(id, { id, name: 'Mina', emailVerified: false, department: 'lamps', ...changes });
    const browser = new Browser();
    const shown = await browser.json(`${application.url}/badge`, {
      method: 'POST',
      body: JSON.stringify({ id }),
      headers: { 'content-type': 'application/json' },
    });
    expect(shown.status).toBe(204);
    return { id, browser };
  };

  it('opens sessions for their ids, and sees its own users on its routes', async () => {
    const { id, browser } = await enter();
    expect(await browser.json(`${application.url}/badge`)).toMatchObject({
      status: 200,
      body: { id, name: 'Mina', department: 'lamps' },
    });
    expect(await browser.json(`${application.url}/api/me`)).toMatchObject({ status: 200, body: { id } });
    expect((await browser.json(`${application.url}/api/my-account/sessions`)).body['sessions']).toHaveLength(
      1,
    );
    expect(await application.dataSource.getRepository(User).count()).toBe(0);
  });

  it('lets nobody in any more whom it does not know any more, within a second', async () => {
    const { id, browser } = await enter();
    const status = async () => (await browser.json(`${application.url}/badge`)).status;
    expect(await status()).toBe(200);
    members.set(id, { ...(members.get(id) as Member), leftAt: application.clock.now() });
    application.clock.advance(1);
    expect(await status()).toBe(401);
  });

  it('sees a change of its users within a second', async () => {
    const { id, browser } = await enter();
    members.set(id, { ...(members.get(id) as Member), department: 'boats' });
    application.clock.advance(1);
    expect((await browser.json(`${application.url}/badge`)).body).toMatchObject({ department: 'boats' });
  });

  it('has no tokens of Logto for them, and says so', async () => {
    const { browser } = await enter();
    const cookie = `latchkey=${browser.cookie('localhost', 'latchkey')}`;
    const client = application.get(LogtoClients).of({ headers: { cookie } });
    expect(await application.get(Sessions).find({ headers: { cookie } })).toMatchObject({
      userAgent: 'node',
    });
    expect(await client.isAuthenticated()).toBe(false);
    await expect(client.getAccessToken()).rejects.toMatchObject({ code: 'auth.unauthorized' });
    await expect(client.getRoles()).rejects.toMatchObject({ code: 'auth.unauthorized' });
  });
});
