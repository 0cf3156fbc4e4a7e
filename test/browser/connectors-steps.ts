import type { Page } from 'playwright-core';
import { expectAccessible } from './expect-accessible.js';

/** A provider of the sandbox, as a person meets it. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  /** The headline over the people to choose from. */
  readonly chooser: string;
  /** Whether it asks what may be shared. */
  readonly asks: boolean;
  /** What the home page says of its tokens. */
  readonly tokens: string;
}

const usual = { chooser: 'Choose an account', asks: true } as const;

const google = { ...usual, id: 'google', name: 'Google', tokens: 'renewed when asked for' };
const facebook = { ...usual, id: 'facebook', name: 'Facebook', tokens: 'renewed when asked for before then' };
const x = { ...usual, id: 'x', name: 'X', tokens: 'renewed when asked for' };
const github = { ...usual, id: 'github', name: 'GitHub', tokens: 'The access token has no end.' };
const wecom = {
  id: 'wecom',
  name: 'WeCom',
  chooser: 'Who scans the code?',
  asks: false,
  tokens: 'no tokens are kept',
};

/** WeCom opened within its own app has no code to scan, and asks for details. */
export const wecomInApp: Provider = { ...wecom, ...usual };

/** GitHub comes last: it vouches for addresses, and whoever comes later with the same one has to link. */
export const providers: readonly Provider[] = [google, facebook, x, wecom, github];

export const at = { google, facebook, x, github, wecom } as const;

/** From the sign-in page to the provider's. */
export async function leaveFor(page: Page, baseUrl: string, { name, chooser }: Provider): Promise<void> {
  await page.goto(`${baseUrl}/sign-in`);
  await page.getByRole('link', { name: `Continue with ${name}`, exact: true }).click();
  await page.getByRole('heading', { name: chooser }).waitFor();
}

/** Chooses a person at the provider and allows what is ticked. */
export async function agree(page: Page, { chooser, asks }: Provider, persona: string): Promise<void> {
  await page.getByRole('heading', { name: chooser }).waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: persona }).click();
  if (asks) await allow(page);
}

export async function allow(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'Allow access?' }).waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Allow' }).click();
}

/** The whole way in; the person's name is the headline of the home page. */
export async function signIn(
  page: Page,
  baseUrl: string,
  { provider, persona, heading = persona }: SignIn,
): Promise<void> {
  await leaveFor(page, baseUrl, provider);
  await agree(page, provider, persona);
  await page.waitForURL(`${baseUrl}/**`);
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
}

export interface SignIn {
  readonly provider: Provider;
  readonly persona: string;
  readonly heading?: string;
}

/** The row of a provider's account on the home page. */
export const account = (page: Page, name: string) =>
  page
    .getByRole('region', { name: 'Linked accounts' })
    .getByRole('listitem')
    .filter({ hasText: new RegExp(`\\b${name}\\b`) });

export async function link(page: Page, provider: Provider, persona: string): Promise<void> {
  await page.getByRole('button', { name: `Link ${provider.name}`, exact: true }).click();
  await agree(page, provider, persona);
  await account(page, provider.name).getByText(provider.tokens).waitFor();
}

export async function unlink(page: Page, name: string): Promise<void> {
  await account(page, name).getByText('Unlink', { exact: false }).first().click();
  await page.getByRole('button', { name: `Unlink ${name} now`, exact: true }).click();
}
