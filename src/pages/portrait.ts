import type { CurrentUser } from '../common/current-user.js';
import { html, type Html } from './html.js';

const HUES = 6;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The picture of a person; where there is none, or it does not load, the initials. */
export const portrait = ({ avatar, name }: Pick<CurrentUser, 'avatar' | 'name'>): Html =>
  avatar === undefined
    ? html`<span class="portrait" aria-hidden="true">${initials(name)}</span>`
    : html`<span class="portrait" aria-hidden="true"
        ><img
          src="${avatar}"
          alt=""
          data-initials="${initials(name)}"
          width="64"
          height="64"
          referrerpolicy="no-referrer"
      /></span>`;

/** A provider's initial in a colour of its own; their logos are theirs. */
export const letter = (provider: string): Html =>
  html`<span class="letter hue-${hueOf(provider)}" aria-hidden="true">${firstOf(provider)}</span>`;

const initials = (name = ''): string =>
  name.trim().split(/\s+/).slice(0, 2).map(firstOf).join('').toUpperCase() || '?';

/** What a person sees as one character, be it made of many. */
const firstOf = (text: string): string => [...graphemes.segment(text)][0]?.segment ?? '';

const hueOf = (text: string): number =>
  Array.from(text).reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 0) % HUES;
