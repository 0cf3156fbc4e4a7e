import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CommonModule } from '../common/common.module.js';
import { IdentitiesService } from './identities.service.js';
import { Identity } from './identity.entity.js';
import { LinkingPolicy } from './linking.policy.js';
import { User } from './user.entity.js';

/** Users, their identities, and the policy by which the one finds the other. */
@Module({
  imports: [CommonModule, TypeOrmModule.forFeature([User, Identity])],
  providers: [IdentitiesService, LinkingPolicy],
  exports: [IdentitiesService, LinkingPolicy],
})
export class IdentitiesModule {}
