import type { Account, HomeView } from './home.view.js';
import { html, type Html } from './html.js';
import { letter } from './portrait.js';

/** The accounts of a user and what can be done to them. `proof` is the hidden field that shows a form to be ours. */
export const accountsSection = (
  { accounts, linkable }: Pick<HomeView, 'accounts' | 'linkable'>,
  proof: Html,
): Html =>
  html`<section class="card" aria-labelledby="accounts">
    <h2 id="accounts">Linked accounts</h2>
    <ul class="plain accounts">
      ${accounts.map((account) => accountRow(account, proof))}
      ${linkable.map((choice) => linkRow(choice, proof))}
    </ul>
  </section>`;

const accountRow = ({ provider, target, label, tokens, unlink }: Account, proof: Html): Html =>
  html`<li>
    ${letter(provider, target)}
    <div class="grow">
      <p class="name">
        ${provider} ${tokens && html`<span class="chip ${tokens.tone}">${tokens.status}</span>`}
      </p>
      <p class="soft"><bdi class="clamp">${label}</bdi></p>
      ${tokens ? tokenFacts(tokens) : html`<p class="fine">Signs you in; no tokens are kept.</p>`}
      ${unlink && unlinkForm(provider, unlink, proof)}
    </div>
    ${
      tokens?.reconnectUrl !== undefined &&
      html`<a class="button small ${tokens.tone === 'bad' ? '' : 'quiet'}" href="${tokens.reconnectUrl}"
        >Reconnect<span class="unseen"> ${provider}</span></a
      >`
    }
  </li>`;

/** Asks once more before it is done, without a script. */
const unlinkForm = (provider: string, { action, identityId }: Unlink, proof: Html): Html =>
  html`<details class="fine">
    <summary>Unlink<span class="unseen"> ${provider}</span></summary>
    <form method="post" action="${action}">
      ${proof}<input type="hidden" name="identityId" value="${identityId}" />
      <p>This account will no longer sign you in, and the tokens that are kept of it are destroyed.</p>
      <button class="button quiet small">Unlink ${provider} now</button>
    </form>
  </details>`;

type Unlink = NonNullable<Account['unlink']>;

const tokenFacts = ({ tone, sentence, scope }: NonNullable<Account['tokens']>): Html =>
  html`<p class="fine">${sentence}</p>
    ${tone !== 'bad' && scope.length > 0 && html`<p class="fine">May use ${scope.map((name) => html`<code>${name}</code> `)}</p>`}`;

const linkRow = ({ id, name, target }: HomeView['linkable'][number], proof: Html): Html =>
  html`<li>
    ${letter(name, target)}
    <div class="grow">
      <p class="name">${name}</p>
      <p class="soft">Not linked yet</p>
    </div>
    <form method="post" action="/auth/social/${id}/link">
      ${proof}<button class="button quiet small">Link ${name}</button>
    </form>
  </li>`;
