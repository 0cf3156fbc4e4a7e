/** An answer of X's token endpoint that is not a token. */
export class XError extends Error {
  override readonly name = 'XError';

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

/** X does not tell expired, used, revoked and made-up tokens apart. */
export const invalidValue = (name: string): XError =>
  new XError(400, 'invalid_request', `Value passed for the ${name} was invalid.`);
