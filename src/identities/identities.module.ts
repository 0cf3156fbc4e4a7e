import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CommonModule } from '../common/common.module.js';
import { IdentitiesService } from './identities.service.js';
import { Identity } from './identity.entity.js';
import { User } from './user.entity.js';

/** Users and their identities. The policy by which the one finds the other is given by `AuthModule`. */
@Module({
  imports: [CommonModule, TypeOrmModule.forFeature([User, Identity])],
  providers: [IdentitiesService],
  exports: [IdentitiesService],
})
export class IdentitiesModule {}
