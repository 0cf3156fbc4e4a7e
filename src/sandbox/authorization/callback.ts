type Parameters = Readonly<Record<string, string | undefined>>;

/** A redirect URI with parameters; one that is undefined is left out. */
export function callbackUrl(redirectUri: string, parameters: Parameters): string {
  const target = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) target.searchParams.set(name, value);
  }
  return target.href;
}
