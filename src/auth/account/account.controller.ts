import { Body, Controller, Get, Header, Patch, UseGuards, UsePipes } from '@nestjs/common';
import { z } from 'zod';
import { CurrentUser } from '../../common/current-user.js';
import { SchemaPipe } from '../../common/schema.pipe.js';
import { requiredHttpsUrl } from '../../connectors/profile.js';
import { IdentitiesService } from '../../identities/identities.service.js';
import { Profiles } from '../../identities/profiles.js';
import { SessionGuard } from '../session/session.guard.js';
import { profileAnswer, type ProfileAnswer } from './profile-answer.js';

const name = z
  .string()
  .transform((text) => text.normalize('NFC').trim())
  .pipe(
    z
      .string()
      .min(1)
      .max(128)
      .regex(/^\P{C}+$/u),
  );

const changes = z
  .strictObject({
    name: name.nullable(),
    avatar: requiredHttpsUrl.nullable(),
    username: z
      .string()
      .max(128)
      .regex(/^[A-Za-z_]\w*$/)
      .nullable(),
  })
  .partial();

/** The signed-in user's own profile, at Logto's path. A page of another site cannot send `PATCH`. */
@Controller('api/my-account')
@UseGuards(SessionGuard)
@UsePipes(SchemaPipe)
export class AccountController {
  constructor(
    private readonly profiles: Profiles,
    private readonly identities: IdentitiesService,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  async read(@CurrentUser() { id }: CurrentUser): Promise<ProfileAnswer> {
    const user = await this.profiles.read(id);
    return profileAnswer(user, await this.identities.list(id));
  }

  /** What is named here is the person's own from now on, also where it is cleared by null. */
  @Patch()
  @Header('Cache-Control', 'no-store')
  async change(
    @CurrentUser() user: CurrentUser,
    @Body({ schema: changes }) wanted: z.output<typeof changes>,
  ): Promise<ProfileAnswer> {
    await this.profiles.change(user.id, wanted);
    return this.read(user);
  }
}
