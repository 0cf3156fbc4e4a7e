import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  httpsUrl,
  OAuth2Connector,
  oauth2Config,
  optionalText,
  type OAuth2Endpoints,
  type ProviderIdentity,
} from '../../src/index.js';

const profile = z.object({
  user: z.object({ uuid: z.uuid(), display: optionalText, mail: optionalText, photo: httpsUrl }),
});

/** A provider that somebody else has. */
@Injectable()
export class SampleConnector extends OAuth2Connector<z.output<typeof profile>> {
  override readonly descriptor = {
    id: 'sample-universal',
    target: 'sample',
    name: 'Sample',
    scope: ['identity'],
    refreshMarginSeconds: 300,
  } as const;

  override readonly configSchema = oauth2Config;

  protected override readonly profileSchema = profile;

  protected override endpoints(): OAuth2Endpoints {
    return {
      issuer: 'https://sample.invalid',
      authorization: 'https://sample.invalid/oauth/authorize',
      token: 'https://sample.invalid/oauth/token',
      profile: 'https://api.sample.invalid/v1/whoami',
    };
  }

  protected override identityOf({ user }: z.output<typeof profile>): Omit<ProviderIdentity, 'issuer'> {
    const { uuid, display, mail, photo } = user;
    return { subject: uuid, name: display, email: mail, emailVerified: false, avatar: photo };
  }
}
