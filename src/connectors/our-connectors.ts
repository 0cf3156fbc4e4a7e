import type { Type } from '@nestjs/common';
import type { Connector } from './connector.js';
import { FacebookConnector } from './providers/facebook.connector.js';
import { GithubConnector } from './providers/github.connector.js';
import { GitlabConnector } from './providers/gitlab.connector.js';
import { GoogleConnector } from './providers/google.connector.js';
import { GenericOAuth2Connector } from './providers/oauth2.connector.js';
import { GenericOidcConnector } from './providers/oidc.connector.js';
import { WecomConnector } from './providers/wecom.connector.js';
import { XConnector } from './providers/x.connector.js';

/** The connectors of this package. */
export const ourConnectors: readonly Type<Connector>[] = [
  GoogleConnector,
  GithubConnector,
  GitlabConnector,
  FacebookConnector,
  XConnector,
  WecomConnector,
  GenericOAuth2Connector,
  GenericOidcConnector,
];
