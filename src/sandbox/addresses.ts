import { applicationCredentials } from './clients.js';

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A company's application at WeCom. */
export interface WecomApplication {
  readonly endpoint: string;
  readonly corpId: string;
  readonly appSecret: string;
  readonly agentId: string;
}

/** Where the sandbox answers, and as whom the application is known there. */
export interface Addresses {
  readonly url: string;
  readonly logto: { readonly endpoint: string; readonly appId: string; readonly appSecret: string };
  readonly google: Credentials & { readonly issuer: string };
  /** An OAuth App, whose tokens do not expire. */
  readonly github: Credentials & {
    readonly endpoint: string;
    readonly apiEndpoint: string;
    readonly webhookSecret: string;
  };
  /** A GitHub App at the same endpoints, whose tokens expire; it has no permission to see e-mail addresses. */
  readonly githubApp: Credentials;
  readonly facebook: Credentials & { readonly endpoint: string; readonly graphEndpoint: string };
  readonly x: Credentials & { readonly endpoint: string; readonly apiEndpoint: string };
  readonly wecom: WecomApplication;
  /** Another company, in which Bob has the user id that Alice has in the first. */
  readonly wecomSecondCorp: WecomApplication;
  /** A client of Logto that acts for itself, by the client-credentials grant. */
  readonly machine: Credentials;
}

export function addressesOf(url: string): Addresses {
  const { logto, google, github, githubApp, facebook, x, wecom, wecomSecondCorp, machine } =
    applicationCredentials;
  return {
    url,
    logto: { endpoint: url, appId: logto.clientId, appSecret: logto.clientSecret },
    google: { issuer: `${url}/google`, ...google },
    github: { endpoint: `${url}/github`, apiEndpoint: `${url}/github/api`, ...github },
    githubApp,
    facebook: { endpoint: `${url}/facebook`, graphEndpoint: `${url}/facebook/graph`, ...facebook },
    x: { endpoint: `${url}/x`, apiEndpoint: `${url}/x/api`, ...x },
    wecom: { endpoint: `${url}/wecom`, ...wecom },
    wecomSecondCorp: { endpoint: `${url}/wecom`, ...wecomSecondCorp },
    machine,
  };
}
