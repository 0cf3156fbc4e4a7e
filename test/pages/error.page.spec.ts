import { describe, expect, it } from '@jest/globals';
import type { Problem } from '../../src/common/error.filter.js';
import { HtmlErrorPage } from '../../src/pages/error.page.js';

const render = (problem: Partial<Problem>): string =>
  new HtmlErrorPage().render({ status: 400, code: 'auth.state_invalid', message: 'A message.', ...problem });

const linksIn = (document: string): string[] =>
  [...document.matchAll(/<a class="button[^"]*" href="([^"]*)"/g)].map(([, href = '']) => href);

describe('HtmlErrorPage', () => {
  it.each<[string, Partial<Problem>, string[]]>([
    ['a sign-in that failed', { code: 'auth.state_invalid' }, ['/sign-in', '/']],
    ['a sign-in that was cancelled', { status: 403, code: 'auth.access_denied' }, ['/sign-in', '/']],
    ['a provider that is away', { status: 503, code: 'connector.provider_unavailable' }, ['/sign-in', '/']],
    ['a missing session', { status: 401, code: 'auth.unauthorized' }, ['/sign-in', '/']],
    [
      'a missing session, at a page to come back to',
      { status: 401, code: 'auth.unauthorized', path: '/auth/social/google/reauthorize' },
      ['/sign-in?return_to=%2Fauth%2Fsocial%2Fgoogle%2Freauthorize', '/'],
    ],
    [
      'a missing session, at an address of somebody else',
      { status: 401, code: 'auth.unauthorized', path: '//evil.example' },
      ['/sign-in', '/'],
    ],
    ['a stale form', { status: 403, code: 'auth.forbidden' }, ['/']],
    ['a refused link', { status: 403, code: 'auth.link_refused' }, ['/']],
    ['an account of another user', { status: 422, code: 'user.identity_already_in_use' }, ['/']],
    ['an address of somebody here', { status: 422, code: 'user.email_already_in_use' }, ['/sign-in', '/']],
    ['a prompt that is not ours', { code: 'session.csrf_token_mismatch' }, ['/sign-in', '/']],
    ['the last account', { code: 'user.last_sign_in_method_required' }, ['/']],
    ['a missing page', { status: 404, code: 'request.404' }, ['/']],
    ['a fault of ours', { status: 500, code: 'server.error' }, ['/']],
    [
      'a grant that is gone',
      {
        status: 409,
        code: 'reauthorization_required',
        data: { authorization_url: 'https://latchkey.example.test/auth/social/google/reauthorize' },
      },
      ['https://latchkey.example.test/auth/social/google/reauthorize', '/'],
    ],
    ['a grant that is gone and has no way back', { status: 409, code: 'reauthorization_required' }, ['/']],
  ])('shows a way on from %s', (_, problem, links) => expect(linksIn(render(problem))).toEqual(links));

  it('tells when to try again, and the code and request to report', () => {
    const data = { requestId: 'r-1' };
    const document = render({ status: 503, code: 'server.busy', retryAfterSeconds: 30, data });
    expect(document).toContain('Try again in 30 seconds.');
    expect(document).toContain('<code>server.busy</code>');
    expect(document).toContain('<code>r-1</code>');
  });

  it.each([
    [418, 'That did not work'],
    [500, 'Something went wrong'],
  ])('has a title for status %d, which has no words of its own', (status, title) =>
    expect(render({ status, code: 'request.other' })).toContain(`<h1 id="title">${title}</h1>`),
  );

  it('shows a message, a code and an address as text (XS-01)', () => {
    const hostile = '"><img src=x onerror=alert(1)>';
    const data = { authorization_url: hostile, requestId: hostile };
    const document = render({ code: hostile, message: hostile, data });
    expect(document).not.toContain('<img');
    expect(document.match(/&quot;&gt;&lt;img src=x onerror=alert\(1\)&gt;/g)).toHaveLength(4);
  });
});
