import { z } from 'zod';
import { Secret } from '../../common/secret.js';
import type { TokenSet } from '../../connectors/token-set.js';
import type { Redeemed } from '../sign-in/social.service.js';
import { withinBounds } from '../../identities/provider-details.js';

const contents = z.object({
  target: z.string(),
  identity: z.object({
    issuer: z.string(),
    subject: z.string(),
    name: z.string().optional(),
    username: z.string().optional(),
    email: z.string().optional(),
    emailVerified: z.boolean(),
    emailAuthoritative: z.boolean().optional(),
    phone: z.string().optional(),
    phoneVerified: z.boolean().optional(),
    avatar: z.string().optional(),
    rawData: z.unknown().optional(),
  }),
  tokenSet: z
    .object({
      accessToken: z.string(),
      refreshToken: z.string().optional(),
      tokenType: z.string(),
      scope: z.array(z.string()).optional(),
      expiresAt: z.number().optional(),
      refreshTokenExpiresAt: z.number().optional(),
    })
    .optional(),
});

export const encodeVerified = ({ at, tokenSet }: Redeemed): string =>
  JSON.stringify({
    target: at.target,
    identity: withinBounds(at.identity),
    tokenSet: tokenSet && revealed(tokenSet),
  });

export function decodeVerified(text: string, connectorId: string): Redeemed {
  const { target, identity, tokenSet } = contents.parse(JSON.parse(text));
  return { at: { connectorId, target, identity }, tokenSet: tokenSet && concealed(tokenSet) };
}

type Revealed = NonNullable<z.output<typeof contents>['tokenSet']>;

const revealed = ({ accessToken, refreshToken, ...rest }: TokenSet): Revealed => ({
  ...rest,
  scope: rest.scope && [...rest.scope],
  accessToken: accessToken.reveal(),
  refreshToken: refreshToken?.reveal(),
});

const concealed = ({ accessToken, refreshToken, ...rest }: Revealed): TokenSet => ({
  ...rest,
  accessToken: new Secret(accessToken),
  refreshToken: refreshToken === undefined ? undefined : new Secret(refreshToken),
});
