/**
 * What the sandbox serves in place of https://accounts.google.com/gsi/client: the part of `google.accounts.id` that a
 * page needs for One Tap, by call or by `<div id="g_id_onload">`. It draws in a shadow tree with a constructed style
 * sheet, so that the page's policy has to allow no more than this script and its requests below `/google/gsi/`.
 */
export const oneTapScript = `(() => {
  'use strict';
  const base = new URL('.', document.currentScript.src);
  const automatic = 'sandbox_one_tap_automatic';
  let settings = {};
  let prompted;

  const id = {
    initialize: (given) => void (settings = { ...given }),
    prompt: () => void prompt(),
    cancel: () => close(),
    disableAutoSelect: () => sessionStorage.removeItem(automatic),
  };
  window.google = { ...window.google, accounts: { ...window.google?.accounts, id } };

  async function prompt() {
    close();
    const accounts = await ask('accounts?' + new URLSearchParams({ client_id: settings.client_id ?? '' }));
    if (accounts === undefined) return;
    const before = accounts.find((account) => account.id === sessionStorage.getItem(automatic));
    sessionStorage.removeItem(automatic);
    if (isOn(settings.auto_select) && before !== undefined) return choose(before, true);
    show(accounts);
  }

  async function choose(account, isAutomatic) {
    const fields = { client_id: settings.client_id, persona: account.id, nonce: settings.nonce ?? '' };
    const answer = await ask('credential', { method: 'POST', body: new URLSearchParams(fields) });
    close();
    if (answer?.credential === undefined) return;
    if (!isAutomatic) sessionStorage.setItem(automatic, account.id);
    const way = isOn(settings.use_fedcm_for_prompt) ? 'fedcm' : isAutomatic ? '' : 'user';
    deliver(answer.credential, [way, isAutomatic ? 'auto' : ''].filter(Boolean).join('_'));
  }

  function deliver(credential, selectBy) {
    if (typeof settings.callback === 'function') {
      settings.callback({ credential, select_by: selectBy, clientId: settings.client_id });
      return;
    }
    const token = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const secure = location.protocol === 'https:' ? '; Secure' : '';
    document.cookie = 'g_csrf_token=' + token + '; path=/; SameSite=Lax' + secure;
    const form = element('form', { method: 'post', action: settings.login_uri ?? location.href, hidden: true });
    const fields = { credential, g_csrf_token: token, select_by: selectBy };
    for (const [name, value] of Object.entries(fields)) form.append(element('input', { type: 'hidden', name, value }));
    document.body.append(form);
    form.submit();
  }

  function show(accounts) {
    prompted = element('div', { id: 'credential_picker_container' });
    const root = prompted.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
    const card = element('section', { role: 'dialog', ariaLabel: 'Sign in with the sandbox’s Google' });
    const closing = element('button', { type: 'button', className: 'close', textContent: '×', ariaLabel: 'Close' });
    closing.addEventListener('click', close);
    const title = element('p', { textContent: 'Sign in to ' + location.host + ' with the sandbox’s Google' });
    card.append(closing, title, ...accounts.map(button));
    root.append(card);
    document.body.append(prompted);
    document.addEventListener('click', closeOutside);
    document.addEventListener('keydown', closeByKey);
  }

  function button(account) {
    const one = element('button', { type: 'button', className: 'account' });
    const address = account.email + (account.emailVerified ? '' : ' (not verified)');
    one.append(element('strong', { textContent: account.name }), element('span', { textContent: address }));
    one.addEventListener('click', () => void choose(account, false));
    return one;
  }

  function close() {
    prompted?.remove();
    prompted = undefined;
    document.removeEventListener('click', closeOutside);
    document.removeEventListener('keydown', closeByKey);
  }

  function closeOutside(event) {
    if (isOn(settings.cancel_on_tap_outside ?? true) && !event.composedPath().includes(prompted)) close();
  }

  function closeByKey(event) {
    if (event.key === 'Escape') close();
  }

  async function ask(path, options) {
    const answer = await window.fetch(new URL(path, base), options).catch(() => undefined);
    if (answer?.ok) return answer.status === 204 ? {} : answer.json();
    console.error('[GSI_LOGGER]: The given origin is not allowed for the given client ID.');
    return undefined;
  }

  const isOn = (value) => value === true || value === 'true';
  const element = (name, properties) => Object.assign(document.createElement(name), properties);

  const style = \`
    section { position: fixed; z-index: 2147483647; top: 12px; right: 12px; width: min(23rem, calc(100vw - 24px)); max-height: calc(100vh - 24px);
      overflow: auto; box-sizing: border-box; padding: 16px; display: grid; gap: 8px; color: #1d2330; background: #fff; border: 1px solid #dde1e9;
      border-top: 6px solid #f7c800; border-radius: 12px; box-shadow: 0 8px 30px rgb(20 30 60 / .25); font: 15px/1.4 system-ui, sans-serif; }
    p { margin: 0 2.5rem 4px 0; font-weight: 600; }
    button { font: inherit; color: inherit; background: none; border: 1px solid #dde1e9; border-radius: 10px; cursor: pointer; min-height: 44px; }
    button:hover { background: #f1f4fb; border-color: #2f5bd0; }
    button:focus-visible { outline: 3px solid #2f5bd0; outline-offset: 1px; }
    .account { padding: 8px 12px; display: grid; text-align: left; }
    .account span { font-size: 13px; color: #5a6376; overflow-wrap: anywhere; }
    .close { position: absolute; top: 8px; right: 8px; width: 44px; border: 0; font-size: 20px; }
  \`;

  function begin() {
    window.onGoogleLibraryLoad?.();
    const { dataset } = document.getElementById('g_id_onload') ?? {};
    if (dataset?.client_id === undefined) return;
    id.initialize({ ...dataset, callback: window[dataset.callback] });
    if (dataset.auto_prompt !== 'false') id.prompt();
  }

  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
  else begin();
})();
`;
