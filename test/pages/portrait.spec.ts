import { describe, expect, it } from '@jest/globals';
import { letter, portrait } from '../../src/pages/portrait.js';

describe('portrait', () => {
  it.each([
    ['Alice Arden', 'AA'],
    ['alice', 'A'],
    ['Zoë 李 👩‍🚀', 'Z李'],
    ['👩‍🚀 Zoë', '👩‍🚀Z'],
    ['  Ada   King Lovelace ', 'AK'],
    ['e\u0301mile', 'E\u0301'],
    ['   ', '?'],
    [undefined, '?'],
  ])('shows %j by the initials %s', (name, initials) =>
    expect(portrait({ name }).markup).toBe(`<span class="portrait" aria-hidden="true">${initials}</span>`),
  );

  it('shows a picture without telling its host where it is shown, and keeps the initials in case it does not load', () => {
    const { markup } = portrait({ name: '"A', avatar: 'https://pictures.example.test/a.png?"><script>' });
    expect(markup).toContain('src="https://pictures.example.test/a.png?&quot;&gt;&lt;script&gt;"');
    expect(markup).toContain('data-initials="&quot;"');
    expect(markup).toContain('referrerpolicy="no-referrer"');
  });
});

describe('letter', () => {
  it.each(['Google', '', '<b>', '微信'])('has one of the six hues for %j', (name) =>
    expect(letter(name).markup).toMatch(
      /^<span class="letter hue-[0-5]" aria-hidden="true">(G|&lt;|微)?<\/span>$/,
    ),
  );
});
