import { html } from './html.js';
import { page, type Page } from './page.js';

export const expiredPage = (): Page =>
  page({
    title: 'This sign-in is over',
    provider: 'logto',
    body: html`<p>
      It has expired, was finished already, or began in another browser. Go back to the application and start
      again.
    </p>`,
  });
