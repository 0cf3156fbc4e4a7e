import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Scope, UseGuards, UseInterceptors, type NestInterceptor } from '@nestjs/common';
import { Args, GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql';
import {
  AccessTokenGuard,
  CurrentOrganization,
  CurrentUser,
  LogtoClient,
  OptionalAuth,
  OptionalUser,
  Organization,
  OrganizationScopes,
  Public,
  Roles,
  Scopes,
  SessionGuard,
  SessionOrAccessTokenGuard,
} from '../../src/index.js';
import { setImmediate } from 'node:timers/promises';
import { startSandboxedApplication, type SandboxedApplication } from '../importing/application.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { signInThroughLogto } from '../support/sandboxed.js';
import { API, AURORA, HARBOUR, MOBILE, SCOPES, TokensOfLogto } from './tokens.js';

/** Somebody's interceptor that takes a moment, in which other fields of the operation go on. */
const unhurried: NestInterceptor = {
  async intercept(_context, next) {
    await setImmediate();
    return next.handle();
  },
};

@Resolver()
class BySession {
  @Query(() => String, { nullable: true })
  @UseGuards(SessionGuard)
  bySession(@CurrentUser() user: CurrentUser): string | undefined {
    return user.email;
  }
}

@Resolver()
class ByToken {
  @Query(() => String, { nullable: true })
  @UseGuards(AccessTokenGuard)
  byToken(@CurrentUser() user: CurrentUser): string | undefined {
    return user.email;
  }
}

@Resolver()
@UseGuards(SessionOrAccessTokenGuard)
@UseInterceptors(unhurried)
class Guarded {
  @Query(() => String, { nullable: true })
  me(@CurrentUser() user: CurrentUser): string | undefined {
    return user.email;
  }

  @Query(() => String)
  @Public()
  open(): string {
    return 'open';
  }

  @Query(() => String, { nullable: true })
  @OptionalAuth()
  optional(@OptionalUser() user?: CurrentUser): string | undefined {
    return user?.email;
  }

  @Query(() => String)
  @Scopes('write:documents')
  documents(): string {
    return 'documents';
  }

  @Query(() => String)
  @Roles('support')
  support(): string {
    return 'support';
  }

  @Query(() => String)
  @Organization()
  organization(
    @CurrentOrganization() current: string,
    @Args('organizationId', { nullable: true }) _organizationId?: string,
  ): string {
    return current;
  }

  @Mutation(() => String)
  @OrganizationScopes('invite:member')
  invite(
    @CurrentOrganization() current: string,
    @Args('organizationId', { nullable: true }) _organizationId?: string,
  ): string {
    return current;
  }

  /** Asks for the same by a query, which runs beside others of its operation. */
  @Query(() => String)
  @OrganizationScopes('invite:member')
  invitations(
    @CurrentOrganization() current: string,
    @Args('organizationId', { nullable: true }) _organizationId?: string,
  ): string {
    return current;
  }

  @Query(() => String)
  @Public()
  broken(): string {
    throw new Error('the password of the database is swordfish');
  }
}

/** Lives for one request, as the client that is injected into it. */
@Injectable({ scope: Scope.REQUEST })
@Resolver()
@UseGuards(SessionGuard)
class AtLogto {
  constructor(private readonly logto: LogtoClient) {}

  @Query(() => String)
  async subjectAtLogto(): Promise<string> {
    return String((await this.logto.getIdTokenClaims()).sub);
  }

  @Query(() => [String])
  async rolesAtLogto(): Promise<readonly string[]> {
    return this.logto.getRoles();
  }
}

interface Outcome {
  readonly status: number;
  readonly data: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
}

describe.each(platforms)('resolvers on %s', (platform) => {
  let application: SandboxedApplication;
  let tokens: TokensOfLogto;
  const browsers: Record<string, Browser> = {};

  beforeAll(async () => {
    application = await startSandboxedApplication({
      platform,
      logto: { audience: API, scopes: SCOPES },
      sandbox: { clients: [MOBILE] },
      imports: [
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          autoSchemaFile: true,
          playground: false,
        }),
      ],
      providers: [BySession, ByToken, Guarded, AtLogto],
    });
    tokens = await TokensOfLogto.of(application.sandbox);
    for (const persona of ['alice', 'bob']) {
      const browser = (browsers[persona] = new Browser());
      await signInThroughLogto(browser, application, persona);
    }
  });

  afterAll(() => application.close());

  const ask = async (query: string, caller: { token?: string; persona?: string } = {}): Promise<Outcome> => {
    const browser = (caller.persona && browsers[caller.persona]) || new Browser();
    const headers = {
      'content-type': 'application/json',
      ...(caller.token !== undefined && { authorization: `Bearer ${caller.token}` }),
    };
    const answer = await browser.json(`${application.url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query }),
    });
    const { data, errors } = answer.body as unknown as Outcome;
    return { status: answer.status, data: data && { ...data }, errors };
  };

  const codeOf = async (query: string, caller?: Parameters<typeof ask>[1]) =>
    (await ask(query, caller)).errors?.[0]?.extensions['code'];

  it('know a session', async () => {
    expect((await ask('{ bySession me optional }', { persona: 'alice' })).data).toEqual({
      bySession: 'alice@example.test',
      me: 'alice@example.test',
      optional: 'alice@example.test',
    });
  });

  it('know an access token, and judge it alone', async () => {
    const token = await tokens.api('bob');
    expect((await ask('{ byToken me optional }', { token })).data).toEqual({
      byToken: 'bob@example.test',
      me: 'bob@example.test',
      optional: 'bob@example.test',
    });
    expect((await ask('{ me }', { token, persona: 'alice' })).data).toEqual({ me: 'bob@example.test' });
    expect(await codeOf('{ me }', { token: 'x', persona: 'alice' })).toBe('auth.access_token_invalid');
  });

  it('refuse strangers with the code of the error, and say nothing of themselves', async () => {
    expect(await ask('{ me }')).toEqual({
      status: 200,
      data: { me: null },
      errors: [
        {
          message: 'Sign in first.',
          locations: [{ line: 1, column: 3 }],
          path: ['me'],
          extensions: { code: 'auth.unauthorized' },
        },
      ],
    });
  });

  it.each([
    ['{ bySession }', 'auth.unauthorized'],
    ['{ byToken }', 'auth.authorization_header_missing'],
    ['{ documents }', 'auth.unauthorized'],
    ['{ support }', 'auth.unauthorized'],
    [`{ organization(organizationId: "${AURORA}") }`, 'auth.unauthorized'],
    [`mutation { invite(organizationId: "${AURORA}") }`, 'auth.unauthorized'],
    ['{ subjectAtLogto }', 'auth.unauthorized'],
  ])('answer a stranger who asks %s with %s and no data', async (query, code) => {
    const { data, errors } = await ask(query);
    expect(Object.values(data ?? {}).filter((value) => value !== null)).toEqual([]);
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.extensions).toEqual({ code });
  });

  it('are open where they are public, beside fields that are not', async () => {
    expect((await ask('{ open optional }')).data).toEqual({ open: 'open', optional: null });
    expect(await ask('{ open me }')).toMatchObject({
      data: { open: 'open', me: null },
      errors: [{ path: ['me'], extensions: { code: 'auth.unauthorized' } }],
    });
    expect((await ask('{ open }', { token: 'garbage' })).data).toEqual({ open: 'open' });
  });

  it('demand scopes and roles, of sessions and tokens', async () => {
    expect((await ask('{ documents support }', { persona: 'alice' })).data).toEqual({
      documents: 'documents',
      support: 'support',
    });
    expect(await codeOf('{ documents }', { persona: 'bob' })).toBe('auth.forbidden');
    expect(await codeOf('{ support }', { persona: 'bob' })).toBe('auth.forbidden');
    expect((await ask('{ documents }', { token: await tokens.api('alice') })).data).not.toBeNull();
    expect(await codeOf('{ documents }', { token: await tokens.api('bob') })).toBe('auth.forbidden');
    expect(await codeOf('{ support }', { token: await tokens.api('alice') })).toBe('auth.forbidden');
  });

  it('act within the organisation of their argument, which the caller has to belong to', async () => {
    const query = (id: string) => `{ organization(organizationId: "${id}") }`;
    expect((await ask(query(HARBOUR), { persona: 'alice' })).data).toEqual({ organization: HARBOUR });
    expect(await codeOf(query(HARBOUR), { persona: 'bob' })).toBe('auth.access_denied');
    expect(await codeOf('{ organization }', { persona: 'bob' })).toBe('auth.forbidden');

    const token = await tokens.organization('alice', AURORA);
    expect((await ask(query(AURORA), { token })).data).toEqual({ organization: AURORA });
    expect(await codeOf('{ organization }', { token })).toBe('auth.forbidden');
    expect(await codeOf(query(HARBOUR), { token })).toBe('auth.forbidden');
    expect(await codeOf('{ me }', { token })).toBe('auth.forbidden');
  });

  it('demand permissions of the organisation', async () => {
    const invite = (id: string) => `mutation { invite(organizationId: "${id}") }`;
    expect((await ask(invite(AURORA), { persona: 'alice' })).data).toEqual({ invite: AURORA });
    expect(await codeOf(invite(HARBOUR), { persona: 'alice' })).toBe('auth.forbidden');
    expect(await codeOf(invite(AURORA), { persona: 'bob' })).toBe('auth.forbidden');
    expect(await codeOf(invite(AURORA), { token: await tokens.api('alice') })).toBe('auth.forbidden');
  });

  it('act each within its own organisation, when one operation names several', async () => {
    const field = (name: string, field: string, id: string) => `${name}: ${field}(organizationId: "${id}")`;
    const query = `{
      ${field('first', 'organization', AURORA)} ${field('second', 'organization', HARBOUR)}
      ${field('third', 'invitations', AURORA)} ${field('fourth', 'organization', HARBOUR)}
    }`;
    for (let time = 0; time < 3; time += 1)
      expect((await ask(query, { persona: 'alice' })).data).toEqual({
        first: AURORA,
        second: HARBOUR,
        third: AURORA,
        fourth: HARBOUR,
      });
  });

  it('speak to Logto for the user of the request', async () => {
    const [alice, bob] = await Promise.all(
      ['alice', 'bob'].map((persona) => ask('{ subjectAtLogto rolesAtLogto }', { persona })),
    );
    expect(alice?.data).toEqual({ subjectAtLogto: 'xw3jr9c2iw77', rolesAtLogto: ['support'] });
    expect(bob?.data).toEqual({ subjectAtLogto: 'b4mq7t0zk9dp', rolesAtLogto: [] });
  });

  it('refuse one whose session has ended since', async () => {
    const browser = (browsers['leaver'] = new Browser());
    await signInThroughLogto(browser, application, 'zoe');
    expect((await ask('{ me }', { persona: 'leaver' })).data).toEqual({ me: 'zoe@studio.example.test' });
    await application.sandbox.endLogtoSessions('zoe');
    expect(await codeOf('{ me }', { persona: 'leaver' })).toBe('auth.unauthorized');
  });

  it('leave the application’s own errors to the application', async () => {
    const { errors } = await ask('{ broken }');
    expect(errors?.[0]?.extensions['code']).toBe('INTERNAL_SERVER_ERROR');
  });
});
