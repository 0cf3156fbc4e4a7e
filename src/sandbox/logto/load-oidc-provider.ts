export type OidcProviderModule = typeof import('oidc-provider');

/**
 * Loads oidc-provider without its remark about Node 20, on which it runs. The remark is printed by the
 * import itself and nothing turns it off, so `console.warn` lets that one line pass unprinted, for as long
 * as the import takes.
 */
export async function loadOidcProvider(): Promise<OidcProviderModule> {
  const warn = console.warn;
  console.warn = (...words: unknown[]) => {
    if (!String(words[0]).includes('oidc-provider WARNING: Unsupported runtime')) warn(...words);
  };
  try {
    return await import('oidc-provider');
  } finally {
    console.warn = warn;
  }
}
