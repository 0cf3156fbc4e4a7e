import { Injectable } from '@nestjs/common';
import { isPath } from '../auth/sign-in/local-path.js';
import { ErrorPage, type Problem } from '../common/error.filter.js';
import { html, type Html } from './html.js';
import { page } from './layout.js';

const TITLES: Readonly<Record<number, string>> = {
  400: 'That did not work',
  401: 'Please sign in',
  403: 'Not allowed',
  404: 'Nothing here',
  409: 'We need you again',
  422: 'That did not work',
  502: 'The provider answered badly',
  503: 'Not available right now',
  504: 'The provider is slow',
};

/** Where the message speaks to developers, these words speak to the person. */
const WORDS: Readonly<Record<string, { readonly title?: string; readonly lead?: string }>> = {
  'auth.unauthorized': { lead: 'You are not signed in, or your session has ended.' },
  'auth.recent_authentication_required': { title: 'Is it still you?' },
  'auth.access_denied': { title: 'No access was given' },
  'auth.forbidden': { title: 'That form is out of date' },
  'auth.transaction_expired': { title: 'That took too long' },
  'user.email_already_in_use': { title: 'We know this address' },
  'user.identity_already_in_use': { title: 'Already in use' },
  'user.identity_not_exists_in_current_user': { title: 'Another account than before' },
  'user.last_sign_in_method_required': { title: 'One way in has to stay' },
  reauthorization_required: {
    lead: 'The provider no longer renews this access. Reconnect to bring it back.',
  },
  'secrets.third_party_token_set.token_not_found': {
    lead: 'No access token of this provider is kept for you. Link the account first.',
  },
  'request.404': { lead: 'There is no page at this address. It may be mistyped, or the page has moved.' },
};

/** What a person sees of an error: what happened, what to do, and the code to tell a developer. */
@Injectable()
export class HtmlErrorPage extends ErrorPage {
  render(problem: Problem): string {
    const { status, code, message, retryAfterSeconds } = problem;
    const { title = titleOf(status), lead = message } = WORDS[code] ?? {};
    return page(
      title,
      html`<section class="card narrow" aria-labelledby="title">
        <h1 id="title">${title}</h1>
        <p class="lead">
          ${lead}${retryAfterSeconds !== undefined && html` Try again in ${retryAfterSeconds} seconds.`}
        </p>
        <p class="actions">${waysOn(problem).map(button)}</p>
        ${forDevelopers(problem)}
      </section>`,
    );
  }
}

const titleOf = (status: number): string =>
  TITLES[status] ?? (status < 500 ? 'That did not work' : 'Something went wrong');

const HOME: Way = ['/', 'Home'];

type Way = readonly [href: string, label: string];

/** Codes of what went wrong on the way in. */
const SIGNING_IN = /^(auth|connector)\.|^session\.csrf_token_mismatch$/;

/** The best way on comes first. */
function waysOn({ code, data, path }: Problem): Way[] {
  const authorizationUrl = data?.['authorization_url'];
  if (typeof authorizationUrl === 'string') {
    const label = code === 'auth.recent_authentication_required' ? 'Sign in again' : 'Reconnect';
    return [[authorizationUrl, label], HOME];
  }
  if (code === 'auth.unauthorized') return [[signInAndReturn(path), 'Sign in'], HOME];
  if (code === 'auth.forbidden' || code === 'auth.link_refused') return [HOME];
  if (code === 'user.email_already_in_use') return [['/sign-in', 'Sign in another way'], HOME];
  return SIGNING_IN.test(code) ? [['/sign-in', 'Start again'], HOME] : [HOME];
}

const signInAndReturn = (path?: string): string =>
  path !== undefined && isPath(path)
    ? `/sign-in?${new URLSearchParams({ return_to: path }).toString()}`
    : '/sign-in';

const button = ([href, label]: Way, index: number): Html =>
  html`<a class="button ${index > 0 && 'quiet'}" href="${href}">${label}</a> `;

const forDevelopers = ({ status, code, data }: Problem): Html => {
  const requestId = data?.['requestId'];
  return html`<p class="fine aside">
    Error ${status}
    <code>${code}</code>${typeof requestId === 'string' && html`<br />Request <code>${requestId}</code>`}
  </p>`;
};
