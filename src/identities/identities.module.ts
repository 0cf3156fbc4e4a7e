import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { CommonModule } from '../common/common.module.js';
import { SignInExperience } from '../connectors/instances/sign-in-experience.js';
import { EventsModule } from '../events/events.module.js';
import { AUTOMATIC_ACCOUNT_LINKING, type AutomaticAccountLinking } from './automatic-account-linking.js';
import { IdentitiesService } from './identities.service.js';
import { IdentityRows } from './identity-rows.js';
import { Erasures } from './erasures.js';
import { Identity } from './identity.entity.js';
import { Leaving } from './leaving.js';
import { LinkingPolicy } from './linking.policy.js';
import { Newcomers } from './newcomers.js';
import { Profiles } from './profiles.js';
import { Transactions } from './transactions.js';
import { Unlinking } from './unlinking.js';
import { User } from './user.entity.js';
import { UsersService } from './users.service.js';
import { WaysIn } from './ways-in.js';

const services = [IdentitiesService, IdentityRows, UsersService, Profiles, Unlinking, Transactions];

/** Users and their identities. Needs `ConnectorsModule` and `TokenVaultModule` in the application. */
@Module({
  imports: [CommonModule, AuditModule, EventsModule, TypeOrmModule.forFeature([User, Identity])],
  providers: [
    ...services,
    Newcomers,
    WaysIn,
    Leaving,
    Erasures,
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
