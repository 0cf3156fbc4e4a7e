/** An answer of Google's token endpoint that is not a token. */
export class GoogleError extends Error {
  override readonly name = 'GoogleError';

  constructor(
    readonly status: number,
    readonly code: string,
    readonly description: string,
  ) {
    super(`${code}: ${description}`);
  }

  get body(): { error: string; error_description: string } {
    return { error: this.code, error_description: this.description };
  }
}

export const invalidGrant = (description: string): GoogleError =>
  new GoogleError(400, 'invalid_grant', description);

/** Google does not tell expired, revoked and made-up tokens apart. */
export const goneGrant = (): GoogleError => invalidGrant('Token has been expired or revoked.');
