import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { CommonModule } from '../common/common.module.js';
import { SignInExperience } from '../connectors/instances/sign-in-experience.js';
import { AUTOMATIC_ACCOUNT_LINKING, type AutomaticAccountLinking } from './automatic-account-linking.js';
import { IdentitiesService } from './identities.service.js';
import { IdentityRows } from './identity-rows.js';
import { Identity } from './identity.entity.js';
import { Leaving } from './leaving.js';
import { LinkingPolicy } from './linking.policy.js';
import { Newcomers } from './newcomers.js';
import { Profiles } from './profiles.js';
import { Transactions } from './transactions.js';
import { Unlinking } from './unlinking.js';
import { UpstreamRevocations } from './upstream-revocations.js';
import { User } from './user.entity.js';
import { UsersService } from './users.service.js';
import { WaysIn } from './ways-in.js';

const services = [
  IdentitiesService,
  IdentityRows,
  UsersService,
  Profiles,
  Unlinking,
  Transactions,
  UpstreamRevocations,
];

/** Users and their identities. Needs `ConnectorsModule` and `TokenVaultModule` in the application. */
@Module({
  imports: [CommonModule, AuditModule, TypeOrmModule.forFeature([User, Identity])],
  providers: [
    ...services,
    Newcomers,
    WaysIn,
    Leaving,
    {
      provide: AUTOMATIC_ACCOUNT_LINKING,
      inject: [SignInExperience],
      useFactory: asTheSignInExperienceSays,
    },
  ],
  exports: [...services, AuditModule],
})
export class IdentitiesModule {
  /** With the policy that decides to whom an unknown account belongs. */
  static forRoot(linkingPolicy: Type<LinkingPolicy>): DynamicModule {
    const providers = [{ provide: LinkingPolicy, useClass: linkingPolicy }];
    return { module: IdentitiesModule, providers, exports: [LinkingPolicy] };
  }
}

function asTheSignInExperienceSays(experience: SignInExperience): AutomaticAccountLinking {
  return () => Promise.resolve(experience.isLinkingAutomatic);
}
