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

  it.each([
    ['GitHub', 'GH'],
    ['WeCom', 'WC'],
    ['Google at Work', 'G'],
    ['X', 'X'],
    ['logto', 'l'],
  ])('tells %s from others by the capitals %s', (name, capitals) =>
    expect(letter(name).markup).toContain(`>${capitals}<`),
  );

  it('has a colour of its own for whom people know by one, and for no other target', () => {
    expect(letter('Google at work', 'google').markup).toContain('class="letter of-google"');
    expect(letter('Google', 'bad" onclick="').markup).toMatch(/class="letter hue-[0-5]"/);
  });
});
