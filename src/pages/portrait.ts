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

/** Whom people know by a colour; the style sheet has one for each. */
const TINTED: ReadonlySet<string> = new Set(['logto', 'google', 'github', 'facebook', 'x', 'wecom']);

/** A provider's capitals in a colour of its own; their logos are theirs. */
export function letter(provider: string, target = ''): Html {
  const tint = TINTED.has(target) ? `of-${target}` : `hue-${hueOf(provider)}`;
  return html`<span class="letter ${tint}" aria-hidden="true">${capitalsOf(provider)}</span>`;
}

const initials = (name = ''): string =>
  name.trim().split(/\s+/).slice(0, 2).map(firstOf).join('').toUpperCase() || '?';

/** `GH` of GitHub, `G` of Google at work: two that begin alike are told apart. */
const capitalsOf = (name: string): string =>
  /^\p{Lu}\p{Ll}*\p{Lu}/u.exec(name)?.[0].replace(/\p{Ll}/gu, '') ?? firstOf(name);

/** What a person sees as one character, be it made of many. */
const firstOf = (text: string): string => [...graphemes.segment(text)][0]?.segment ?? '';

const hueOf = (text: string): number =>
  Array.from(text).reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 0) % HUES;
