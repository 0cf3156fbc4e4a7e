const descriptions = {
  bad_verification_code: 'The code passed is incorrect or expired.',
  bad_refresh_token: 'The refresh token passed is incorrect or expired.',
  incorrect_client_credentials: 'The client_id and/or client_secret passed are incorrect.',
  redirect_uri_mismatch: 'The redirect_uri MUST match the registered callback URL for this application.',
  unverified_user_email: 'The user must have a verified primary email.',
  unsupported_grant_type: 'The grant type passed is not supported.',
} as const;

const HELP =
  'https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/#';

/** An answer of the token endpoint that is not a token; its status is 200 all the same. */
export class GitHubError extends Error {
  override readonly name = 'GitHubError';

  constructor(readonly code: keyof typeof descriptions) {
    super(descriptions[code]);
  }

  get body(): Readonly<Record<string, string>> {
    const { code, message } = this;
    return { error: code, error_description: message, error_uri: HELP + code.replaceAll('_', '-') };
  }
}
