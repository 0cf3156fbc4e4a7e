import type { CurrentUser } from '../common/current-user.js';
import { CSRF_FIELD } from '../auth/csrf.js';
import type { Account, HomeView } from './home.view.js';
import { html, type Html } from './html.js';
import { page } from './layout.js';

/** For everyone who is not signed in. */
export const welcomePage = (): string =>
  page(
    'Welcome',
    html`<section class="card narrow hero" aria-labelledby="title">
      <h1 id="title">Let people in.<br />Keep their keys.</h1>
      <p class="lead">
        Sign-in through Logto and social providers, and a vault that keeps provider tokens encrypted and
        fresh.
      </p>
      <a class="button" href="/sign-in">Sign in</a>
    </section>`,
  );

/** Who is signed in, which accounts are linked, and how their tokens fare. */
export function homePage({ user, accounts, linkable, csrfToken }: HomeView): string {
  const proof = html`<input type="hidden" name="${CSRF_FIELD}" value="${csrfToken}" />`;
  const signOut = html`<form method="post" action="/auth/sign-out">
    ${proof}<button class="button quiet small">Sign out</button>
  </form>`;
  return page(
    'Home',
    html`<section class="card profile" aria-labelledby="title">
        ${portrait(user)}
        <div>
          <h1 id="title"><bdi>${user.name ?? 'You are signed in'}</bdi></h1>
          <p class="lead">
            ${user.email ? html`<bdi>${user.email}</bdi> ${badge(user.emailVerified)}` : 'No e-mail address'}
          </p>
          <p class="fine">User <code>${user.id}</code></p>
        </div>
      </section>
      <section class="card" aria-labelledby="accounts">
        <h2 id="accounts">Linked accounts</h2>
        <ul class="plain accounts">
          ${accounts.map(accountRow)}
        </ul>
        ${
          linkable.length > 0 &&
          html`<div class="actions">
            ${linkable.map(
              ({ id, name }) =>
                html`<form method="post" action="/auth/social/${id}/link">
                  ${proof}<button class="button quiet">
                    <span class="letter" aria-hidden="true">${name.slice(0, 1)}</span>Link ${name}
                  </button>
                </form>`,
            )}
          </div>`
        }
      </section>`,
    signOut,
  );
}

const portrait = ({ avatar, name }: CurrentUser): Html =>
  avatar
    ? html`<img
        class="portrait"
        src="${avatar}"
        alt=""
        width="64"
        height="64"
        referrerpolicy="no-referrer"
      />`
    : html`<span class="portrait" aria-hidden="true">${initials(name)}</span>`;

const initials = (name = '?'): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => Array.from(word)[0] ?? '')
    .join('')
    .toUpperCase();

const badge = (verified: boolean): Html =>
  verified ? html`<span class="chip good">verified</span>` : html`<span class="chip">not verified</span>`;

function accountRow({ provider, label, tokens }: Account): Html {
  return html`<li>
    <span class="letter" aria-hidden="true">${provider.slice(0, 1)}</span>
    <div class="grow">
      <p class="name">
        ${provider} ${tokens && html`<span class="chip ${tokens.tone}">${tokens.status}</span>`}
      </p>
      <p class="fine"><bdi>${label}</bdi></p>
      ${
        tokens &&
        html`<p class="fine">${tokens.sentence}</p>
          ${tokens.scope.length > 0 && html`<p class="fine scopes">${tokens.scope.map((scope) => html`<code>${scope}</code> `)}</p>`}`
      }
    </div>
    ${tokens && tokensAction(tokens)}
  </li>`;
}

const tokensAction = ({ readUrl, reconnectUrl }: NonNullable<Account['tokens']>): Html =>
  reconnectUrl
    ? html`<a class="button small" href="${reconnectUrl}">Reconnect</a>`
    : html`<a class="button quiet small" href="${readUrl}">Access token</a>`;
