import { z } from 'zod';
import { flag, httpUrl, list, text } from './forms.js';

/**
 * Variables of our connectors: `CONNECTOR_<target>_<field>`. They are turned into instances by their names, so a further
 * field of a connector is one line here.
 */
export const connectorVariables = {
  CONNECTOR_GOOGLE_CLIENT_ID: text.optional().describe("Google's OAuth client id."),
  CONNECTOR_GOOGLE_CLIENT_SECRET: text.optional().describe("Google's OAuth client secret."),
  CONNECTOR_GOOGLE_ISSUER: address('Another issuer that speaks as Google does: an emulator.'),
  CONNECTOR_GOOGLE_SCOPE: scope('openid profile email'),
  CONNECTOR_GOOGLE_PROMPTS: list
    .optional()
    .describe('What Google asks anew, separated by spaces: `none`, `login`, `consent`, `select_account`.'),
  CONNECTOR_GOOGLE_OFFLINE_ACCESS: flag
    .optional()
    .describe('Asks for a refresh token although none is kept here.'),
  CONNECTOR_GOOGLE_HOSTED_DOMAIN: text
    .optional()
    .describe('Lets in accounts of this Google Workspace domain alone.'),
  CONNECTOR_GOOGLE_ONE_TAP: flag
    .transform((isEnabled) => ({ isEnabled }))
    .optional()
    .describe('Whether the sign-in page shows Google One Tap.'),
  CONNECTOR_GOOGLE_ENABLE_TOKEN_STORAGE: storage('Google'),

  CONNECTOR_GITHUB_CLIENT_ID: text.optional().describe('Client id of an OAuth App or GitHub App.'),
  CONNECTOR_GITHUB_CLIENT_SECRET: text.optional().describe('Its client secret.'),
  CONNECTOR_GITHUB_SCOPE: scope('read:user user:email'),
  CONNECTOR_GITHUB_ENDPOINT: address('Address of a GitHub Enterprise Server.'),
  CONNECTOR_GITHUB_API_ENDPOINT: address('Address of its API; `<endpoint>/api/v3` otherwise.'),
  CONNECTOR_GITHUB_WEBHOOK_SECRET: text
    .optional()
    .describe('What a GitHub App signs its webhooks with; without it, none is taken.'),
  CONNECTOR_GITHUB_ENABLE_TOKEN_STORAGE: storage('GitHub'),

  CONNECTOR_FACEBOOK_CLIENT_ID: text.optional().describe("Facebook's app id."),
  CONNECTOR_FACEBOOK_CLIENT_SECRET: text.optional().describe("Facebook's app secret."),
  CONNECTOR_FACEBOOK_SCOPE: scope('email public_profile'),
  CONNECTOR_FACEBOOK_GRAPH_VERSION: text.optional().describe('Version of the Graph API, as in `v24.0`.'),
  CONNECTOR_FACEBOOK_ENDPOINT: address('Another address of the sign-in dialog: an emulator.'),
  CONNECTOR_FACEBOOK_GRAPH_ENDPOINT: address('Another address of the Graph API.'),
  CONNECTOR_FACEBOOK_ENABLE_TOKEN_STORAGE: storage('Facebook'),

  CONNECTOR_X_CLIENT_ID: text.optional().describe('Client id of a confidential client at X.'),
  CONNECTOR_X_CLIENT_SECRET: text.optional().describe('Its client secret.'),
  CONNECTOR_X_SCOPE: scope('tweet.read users.read users.email'),
  CONNECTOR_X_ENDPOINT: address('Another address of the sign-in page: an emulator.'),
  CONNECTOR_X_API_ENDPOINT: address('Another address of the API.'),
  CONNECTOR_X_ENABLE_TOKEN_STORAGE: storage('X'),

  CONNECTOR_WECOM_CORP_ID: text.optional().describe("The company's id at WeCom."),
  CONNECTOR_WECOM_APP_SECRET: text.optional().describe("The application's secret."),
  CONNECTOR_WECOM_AGENT_ID: text.optional().describe("The application's agent id."),
  CONNECTOR_WECOM_SCOPE: text
    .optional()
    .describe("Scope of the page within WeCom's app; `snsapi_privateinfo` otherwise."),
  CONNECTOR_WECOM_API_ENDPOINT: address('Another address of the API: a private deployment.'),
  CONNECTOR_WECOM_IN_APP_ENDPOINT: address("Another page within WeCom's app."),
  CONNECTOR_WECOM_QR_ENDPOINT: address('Another page with the code to scan.'),
} as const;

function address(description: string) {
  return httpUrl.optional().describe(description);
}

function scope(otherwise: string) {
  return text.optional().describe(`Scopes to ask for, separated by spaces; \`${otherwise}\` otherwise.`);
}

function storage(provider: string) {
  return flag.default(true).describe(`Whether ${provider}'s tokens are kept in the vault.`);
}

export type ConnectorVariables = z.output<z.ZodObject<typeof connectorVariables>>;
