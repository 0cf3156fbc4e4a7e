import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CommonModule } from '../common/common.module.js';
import { IdentitiesService } from './identities.service.js';
import { Identity } from './identity.entity.js';
import { LinkingPolicy } from './linking.policy.js';
import { User } from './user.entity.js';
import { UsersService } from './users.service.js';

/** Users and their identities. */
@Module({
  imports: [CommonModule, TypeOrmModule.forFeature([User, Identity])],
  providers: [IdentitiesService, UsersService],
  exports: [IdentitiesService, UsersService],
})
export class IdentitiesModule {
  /** With the policy that decides to whom an unknown account belongs. */
  static forRoot(linkingPolicy: Type<LinkingPolicy>): DynamicModule {
    const providers = [{ provide: LinkingPolicy, useClass: linkingPolicy }];
    return { module: IdentitiesModule, providers, exports: [LinkingPolicy] };
  }
}
