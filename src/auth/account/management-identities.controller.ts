import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Param,
  Post,
  Put,
  Query,
  Res,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { z } from 'zod';
import { OptionalUser, type CurrentUser } from '../../common/current-user.js';
import { ManagementGuard } from '../../common/management.guard.js';
import { tellRevocation } from '../../common/revocation-outcome.js';
import { SchemaPipe } from '../../common/schema.pipe.js';
import { IdentitiesService, type LinkTo } from '../../identities/identities.service.js';
import { Profiles } from '../../identities/profiles.js';
import type { Identity } from '../../identities/identity.entity.js';
import { Unlinking } from '../../identities/unlinking.js';
import { tokenSecretAnswer, type TokenSecretAnswer } from '../../token-vault/access/answers.js';
import { TokenVaultService, type TokenSetSummary } from '../../token-vault/token-vault.service.js';
import { chooseIdentity } from './choose-identity.js';
import { GivenIdentities } from './given-identities.js';
import { LinkedAccounts } from './linked-accounts.js';
import { givenIdentity, newIdentity, type GivenIdentity } from './management-bodies.js';
import {
  accountAt,
  choice,
  givenAt,
  userAt,
  withTokenSecrets,
  type AccountAt,
  type Choice,
} from './parameters.js';
import { identityAnswer, identityMap, profileAnswer, type ProfileAnswer } from './profile-answer.js';
import { SocialVerifications } from './social-verifications.js';

type IdentityMap = ProfileAnswer['identities'];

/** What is known of the account's token set, where that was asked for and one is held. */
interface IdentityWithSecret {
  readonly identity: IdentityMap[string];
  readonly tokenSecret?: TokenSecretAnswer;
}

type LinkedIdentity = IdentityWithSecret & { readonly id: string; readonly target: string };
type WithTokenSecrets = z.output<typeof withTokenSecrets>;

/** The accounts of a user for whoever manages users, at Logto's paths. No token passes through here. */
@Controller('api/users/:userId')
@UseGuards(ManagementGuard)
@UsePipes(SchemaPipe)
export class ManagementIdentitiesController {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly verifications: SocialVerifications,
    private readonly accounts: LinkedAccounts,
    private readonly given: GivenIdentities,
    private readonly identities: IdentitiesService,
    private readonly profiles: Profiles,
    private readonly unlinking: Unlinking,
    private readonly vault: TokenVaultService,
  ) {}

  /** Of a round trip that `authorization-uri` has begun. */
  @Post('identities')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async add(
    @Param({ schema: userAt }) { userId }: { userId: string },
    @OptionalUser() admin: CurrentUser | undefined,
    @Body({ schema: newIdentity }) { connectorId, connectorData }: z.output<typeof newIdentity>,
  ): Promise<IdentityMap> {
    await this.profiles.read(userId);
    const { at } = await this.verifications.finishManaged(connectorId, connectorData);
    await this.accounts.add(linkTo(userId, admin), { at });
    return identityMap(await this.identities.list(userId));
  }

  /** In the place of the account that the user has there. 201 where there was none. */
  @Put('identities/:target')
  @Header('Cache-Control', 'no-store')
  async replace(
    @Param({ schema: givenAt }) { userId, target }: AccountAt,
    @OptionalUser() admin: CurrentUser | undefined,
    @Body({ schema: givenIdentity }) body: GivenIdentity,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<IdentityMap> {
    await this.profiles.read(userId);
    const at = await this.given.at(target, body);
    const { isNew, unlinked } = await this.accounts.replace(linkTo(userId, admin), { at });
    if (unlinked) tellRevocation(this.host, response, unlinked.revocation);
    if (isNew) this.host.httpAdapter.status(response, 201);
    return identityMap(await this.identities.list(userId));
  }

  @Get('identities/:target')
  @Header('Cache-Control', 'no-store')
  async read(
    @Param({ schema: accountAt }) { userId, target }: AccountAt,
    @Query({ schema: withTokenSecrets }) { identityId, includeTokenSecret }: WithTokenSecrets,
  ): Promise<IdentityWithSecret> {
    await this.profiles.read(userId);
    const chosen = chooseIdentity(await this.identities.list(userId), target, identityId);
    return this.describe(chosen, includeTokenSecret ? await this.vault.list(userId) : []);
  }

  @Get('all-identities')
  @Header('Cache-Control', 'no-store')
  async list(
    @Param({ schema: userAt }) { userId }: { userId: string },
    @Query({ schema: withTokenSecrets }) { includeTokenSecret }: WithTokenSecrets,
  ): Promise<{ socialIdentities: LinkedIdentity[]; ssoIdentities: [] }> {
    await this.profiles.read(userId);
    const identities = await this.identities.list(userId);
    const summaries = includeTokenSecret ? await this.vault.list(userId) : [];
    const socialIdentities = identities.map((identity) => ({
      id: identity.id,
      target: identity.target,
      ...this.describe(identity, summaries),
    }));
    return { socialIdentities, ssoIdentities: [] };
  }

  /** Not the last one: a user without an account could never sign in again. */
  @Delete('identities/:target')
  @Header('Cache-Control', 'no-store')
  async remove(
    @Param({ schema: accountAt }) { userId, target }: AccountAt,
    @OptionalUser() admin: CurrentUser | undefined,
    @Query({ schema: choice }) { identityId }: Choice,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<ProfileAnswer> {
    const user = await this.profiles.read(userId);
    const { revocation } = await this.unlinking.unlink({
      ...linkTo(userId, admin),
      choose: (identities) => chooseIdentity(identities, target, identityId),
    });
    tellRevocation(this.host, response, revocation);
    return profileAnswer(user, await this.identities.list(userId));
  }

  private describe(identity: Identity, summaries: readonly TokenSetSummary[]): IdentityWithSecret {
    const { userId, target, subject } = identity;
    const summary = summaries.find((one) => one.target === target && one.subject === subject);
    return {
      identity: identityAnswer(identity),
      tokenSecret: summary && tokenSecretAnswer(userId, summary),
    };
  }
}

/** An administrator who is a person has signed in; a program is nobody. */
const linkTo = (userId: string, admin: CurrentUser | undefined): LinkTo => ({
  userId,
  actorId: admin?.id ?? null,
});
