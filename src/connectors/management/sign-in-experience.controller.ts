import { Body, Controller, Get, Header, Headers, Patch, Res, UseGuards, UsePipes } from '@nestjs/common';
import type { z } from 'zod';
import { ManagementGuard } from '../../common/management.guard.js';
import { SchemaPipe } from '../../common/schema.pipe.js';
import { SignInExperience } from '../instances/sign-in-experience.js';
import type { SignInSettings } from '../instances/sign-in-experience.store.js';
import { signInExperienceAnswer, type SignInExperienceAnswer } from './answers.js';
import { signInExperienceChanges } from './bodies.js';
import { EntityTags, versionTest } from './entity-tags.js';
import { Audited } from './management-audit.js';

/** What people are offered, at Logto's path and by the names of its fields. */
@Controller('api/sign-in-exp')
@UseGuards(ManagementGuard)
@UsePipes(SchemaPipe)
export class SignInExperienceController {
  constructor(
    private readonly experience: SignInExperience,
    private readonly tags: EntityTags,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  async get(@Res({ passthrough: true }) response: unknown): Promise<SignInExperienceAnswer> {
    return this.answer(response, await this.experience.get());
  }

  @Patch()
  @Audited('sign_in_experience.updated')
  @Header('Cache-Control', 'no-store')
  async update(
    @Body({ schema: signInExperienceChanges }) changes: z.output<typeof signInExperienceChanges>,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<SignInExperienceAnswer> {
    const { socialSignInConnectorTargets: targets, socialSignIn } = changes;
    const updated = await this.experience.update({ targets, ...socialSignIn }, versionTest(ifMatch));
    return this.answer(response, updated);
  }

  private answer(response: unknown, settings: Required<SignInSettings>): SignInExperienceAnswer {
    this.tags.set(response, settings);
    return signInExperienceAnswer(settings);
  }
}
