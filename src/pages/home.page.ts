import { CSRF_FIELD } from '../auth/session/csrf.js';
import { accountsSection } from './accounts.section.js';
import type { Account, HomeView } from './home.view.js';
import { html, type Html } from './html.js';
import { page } from './layout.js';
import { portrait } from './portrait.js';
import { sessionsSection } from './sessions.section.js';

/** For everyone who is not signed in. */
export const welcomePage = (): string =>
  page(
    'Welcome',
    html`<section class="card hero" aria-labelledby="title">
      <h1 id="title">Let people in.<br />Keep their keys.</h1>
      <p class="lead">
        Sign in through Logto or a social provider. What the provider lets this application do for you stays
        in an encrypted vault, and stays fresh.
      </p>
      <p class="actions"><a class="button" href="/sign-in">Sign in</a></p>
      <ul class="plain points">
        <li><strong>One sign-in</strong> Logto and social providers, linked to one account.</li>
        <li><strong>Encrypted</strong> Tokens are sealed at rest, each bound to its owner.</li>
        <li><strong>Fresh</strong> Whoever asks gets a token that works now.</li>
      </ul>
    </section>`,
  );

/** Who is signed in, which accounts are linked, and how their tokens fare. */
export function homePage(view: HomeView): string {
  const proof = html`<input type="hidden" name="${CSRF_FIELD}" value="${view.csrfToken}" />`;
  const signOut = html`<form method="post" action="/auth/sign-out">
    ${proof}<button class="button quiet small">Sign out</button>
  </form>`;
  return page(
    'Your account',
    html`${profileSection(view)} ${accountsSection(view, proof)} ${apiSection(view)}
    ${sessionsSection(view.sessions, proof)}`,
    signOut,
  );
}

const profileSection = ({ user }: HomeView): Html =>
  html`<section class="card profile" aria-labelledby="title">
    ${portrait(user)}
    <div class="grow">
      <h1 id="title" class="clamp"><bdi>${user.name ?? 'You are signed in'}</bdi></h1>
      <p class="lead">
        ${user.email ? html`<bdi class="clamp">${user.email}</bdi> ${badge(user.emailVerified)}` : 'No e-mail address'}
      </p>
      <p class="fine">User <code>${user.id}</code></p>
    </div>
  </section>`;

const badge = (verified: boolean): Html =>
  verified ? html`<span class="chip good">verified</span>` : html`<span class="chip">not verified</span>`;

function apiSection({ accounts, baseUrl }: HomeView): Html | undefined {
  const urls = new Set(accounts.flatMap(({ tokens }: Account) => (tokens ? [tokens.readUrl] : [])));
  if (urls.size === 0) return undefined;
  return html`<section class="card" aria-labelledby="api">
    <h2 id="api">For your API client</h2>
    <p class="soft">
      Ask <code>${baseUrl}</code> with your session whenever you need an access token. You get one that works,
      renewed first if it is about to end.
    </p>
    <ul class="plain requests">
      ${[...urls].map((url) => html`<li><span class="method">GET</span> <a href="${url}">${url}</a></li>`)}
    </ul>
  </section>`;
}
