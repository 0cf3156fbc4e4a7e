interface ErrorDetails {
  readonly code: number;
  readonly subcode?: number;
  readonly message: string;
  readonly type?: 'OAuthException' | 'GraphMethodException';
  /** The word that `WWW-Authenticate` has for it. */
  readonly challenge?: 'invalid_token' | 'invalid_code';
}

/** What the Graph API answers instead of data: status 400, and numbers that say why. */
export class FacebookError extends Error {
  override readonly name = 'FacebookError';

  constructor(readonly details: ErrorDetails) {
    super(details.message);
  }

  /** Facebook's header names no parameters, so that readers of RFC 9110 challenges find none in it. */
  get challenge(): string {
    const { challenge = 'invalid_request', message } = this.details;
    return `OAuth "Facebook Platform" "${challenge}" "${message.replaceAll('"', "'")}"`;
  }
}

export const malformed = (message: string): FacebookError => new FacebookError({ code: 100, message });

export const invalidCode = (message: string, subcode?: number): FacebookError =>
  new FacebookError({ code: 100, subcode, message, challenge: 'invalid_code' });

/** https://developers.facebook.com/docs/graph-api/guides/error-handling: 190 is the token, the subcode its fate. */
export const invalidToken = (message: string, subcode?: number): FacebookError =>
  new FacebookError({ code: 190, subcode, message, challenge: 'invalid_token' });

export const refusedProof = (message: string): FacebookError =>
  new FacebookError({ code: 100, message, type: 'GraphMethodException' });
