import type { SessionRecord } from '../auth/session/session.store.js';
import { browserName } from './browser-name.js';
import { duration } from './duration.js';
import { html, type Html } from './html.js';

/** A place where the user is signed in. */
export interface SessionView {
  readonly id: string;
  readonly current: boolean;
  readonly browser: string;
  readonly sentence: string;
}

export const sessionViews = (
  sessions: readonly SessionRecord[],
  currentId: string,
  now: number,
): SessionView[] =>
  sessions.map(({ id, userAgent, createdAt, lastSeenAt }) => ({
    id,
    current: id === currentId,
    browser: browserName(userAgent),
    sentence: sentenceOf(ago(now - createdAt), ago(now - lastSeenAt)),
  }));

const sentenceOf = (begun: string, used: string): string =>
  begun === used ? `Signed in ${begun}.` : `Signed in ${begun}, last used ${used}.`;

/** Where one is signed in, and how to end that. */
export const sessionsSection = (sessions: readonly SessionView[], proof: Html): Html =>
  html`<section class="card" aria-labelledby="sessions">
    <h2 id="sessions">Where you are signed in</h2>
    <ul class="plain accounts">
      ${sessions.map((session) => sessionRow(session, proof))}
    </ul>
    ${
      sessions.length > 1 &&
      html`<form class="aside" method="post" action="/auth/sign-out">
        ${proof}<button class="button quiet small" name="everywhere" value="true">Sign out everywhere</button>
      </form>`
    }
  </section>`;

const sessionRow = ({ id, current, browser, sentence }: SessionView, proof: Html): Html =>
  html`<li>
    <div class="grow">
      <p class="name">${browser} ${current && html`<span class="chip good">this browser</span>`}</p>
      <p class="soft">${sentence}</p>
    </div>
    ${
      !current &&
      html`<form method="post" action="/auth/sign-out">
        ${proof}<button class="button quiet small" name="session" value="${id}">
          Sign out<span class="unseen"> ${browser}</span>
        </button>
      </form>`
    }
  </li>`;

const ago = (seconds: number): string => (seconds < 60 ? 'just now' : `${duration(seconds)} ago`);
