import { Injectable } from '@nestjs/common';
import { Sessions } from '../session/sessions.js';
import { LogtoAccessTokens } from './logto-access-tokens.js';
import { LogtoClient, type ClientCaller, type LogtoClientParts } from './logto-client.js';
import { LogtoSessions } from './logto-sessions.js';
import { Logto } from './logto.js';

/** Makes the {@link LogtoClient} of a request, where none can be injected: in guards, gateways and singletons. */
@Injectable()
export class LogtoClients {
  private readonly parts: LogtoClientParts;

  constructor(
    sessions: Sessions,
    logtoSessions: LogtoSessions,
    accessTokens: LogtoAccessTokens,
    logto: Logto,
  ) {
    this.parts = { sessions, logtoSessions, accessTokens, logto };
  }

  /** `caller` is the request of either platform, the `req` of a GraphQL context, or a client of a gateway. */
  of(caller: ClientCaller): LogtoClient {
    return new LogtoClient(caller, this.parts);
  }
}
