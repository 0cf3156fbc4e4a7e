import type { OneTapOffer } from '../auth/one-tap/one-tap.service.js';
import { html, type Html } from './html.js';
import { page } from './layout.js';
import { letter } from './portrait.js';

export interface SignInChoice {
  readonly id: string;
  readonly name: string;
  readonly target: string;
}

/** "Continue with Logto", and every connector beside it. */
export function signInPage(
  connectors: readonly SignInChoice[],
  returnTo: string,
  offer?: OneTapOffer,
): string {
  const query = returnTo === '/' ? '' : `?${new URLSearchParams({ return_to: returnTo }).toString()}`;
  const others = connectors.map(
    ({ id, name, target }) =>
      html`<li>
        <a class="button quiet" href="/auth/social/${id}${query}"
          >${letter(name, target)}<span>Continue with ${name}</span></a
        >
      </li>`,
  );
  return page(
    'Sign in',
    html`<section class="card narrow" aria-labelledby="title">
      <h1 id="title">Sign in</h1>
      <p class="lead">New here? The same buttons create your account.</p>
      <p class="choices"><a class="button" href="/auth/sign-in${query}">Continue with Logto</a></p>
      ${
        others.length > 0 &&
        html`<p class="or">or</p>
          <ul class="plain choices">
            ${others}
          </ul>`
      }
      ${offer && oneTap(offer)}
    </section>`,
  );
}

/** Google's script reads the attributes. The page works as well where it does not load or shows nothing. */
const oneTap = (offer: OneTapOffer): Html =>
  html`<div
      id="g_id_onload"
      data-client_id="${offer.clientId}"
      data-login_uri="${offer.loginUri}"
      data-nonce="${offer.nonce}"
      data-context="signin"
      data-auto_select="${String(offer.autoSelect)}"
      data-cancel_on_tap_outside="${String(offer.closeOnTapOutside)}"
      data-itp_support="${String(offer.itpSupport)}"
      data-use_fedcm_for_prompt="true"
    ></div>
    <script src="${offer.scriptUrl}" async></script>`;
