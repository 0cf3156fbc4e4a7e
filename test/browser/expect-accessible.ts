import { expect } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';

const CONTROLS = 'a[href], button, input:not([type="hidden"]), select, textarea, summary';

/** A control without a name, as it stands in the tree that assistive technology reads. */
const NAMELESS = /^\s*- (?:button|link|textbox|checkbox|radio|combobox)(?! ")/m;

/** What holds for every page: one headline, a language, a title, named controls, and a keyboard that reaches them all. */
export async function expectAccessible(page: Page): Promise<void> {
  expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  expect(await page.title()).toMatch(/^\S.* · (Latchkey|Sandbox)$/);
  expect(await page.locator('body').ariaSnapshot()).not.toMatch(NAMELESS);
  await expectTabOrder(page);
}

/** Tab visits the controls in the order of the page, and shows each of them and where it is. */
async function expectTabOrder(page: Page): Promise<void> {
  const controls = await page.locator(CONTROLS).filter({ visible: true }).all();
  expect(controls).not.toHaveLength(0);
  const visited: string[] = [];
  for (const control of controls) {
    await page.keyboard.press('Tab');
    if (await isFocusShown(page, control)) visited.push(await nameOf(control));
  }
  expect(visited).toEqual(await Promise.all(controls.map(nameOf)));
}

async function isFocusShown(page: Page, control: Locator): Promise<boolean> {
  const focused = control.and(page.locator(':focus-visible'));
  if ((await focused.count()) !== 1) return false;
  const box = await focused.boundingBox();
  return box !== null && box.x >= 0 && box.y >= 0 && box.width > 1 && box.height > 1;
}

const nameOf = async (control: Locator): Promise<string> => (await control.innerText()).trim();
