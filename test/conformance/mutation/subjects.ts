import type { ConformanceSubject } from '../../../src/conformance/subject.js';
import { facebook } from '../subjects/facebook.js';
import { oauth2, oidc } from '../subjects/generic.js';
import { github } from '../subjects/github.js';
import { gitlab } from '../subjects/gitlab.js';
import { google } from '../subjects/google.js';
import { wecom } from '../subjects/wecom.js';
import { x } from '../subjects/x.js';
import { Issuer } from './issuer.js';
import { digits, either, memberOf, printable, wholeNumber, type Reading } from './readings.js';

/** A connector, how its provider answers, and who may be recognised in what was answered. */
export interface MutationSubject {
  readonly subject: ConformanceSubject;
  /** Nothing where nobody may be. */
  readonly whoIs: Reading;
  /** Who signs ID tokens, where there are such. */
  readonly issuer?: Issuer;
}

export const mutationSubjects: Readonly<Record<string, MutationSubject>> = {
  github: {
    subject: storing(github),
    whoIs: (told) => wholeNumber(memberOf(told('/user'), 'id'), 1),
  },
  google: await openId(google),
  gitlab: await openId(gitlab),
  facebook: {
    subject: facebook,
    whoIs: (told) => {
      const inspected = memberOf(told('/v24.0/debug_token'), 'data');
      const isOurs = String(memberOf(inspected, 'app_id')) === '4815162342';
      return isOurs && memberOf(inspected, 'is_valid') === true
        ? digits(memberOf(told('/v24.0/me'), 'id'))
        : undefined;
    },
  },
  x: {
    subject: x,
    whoIs: (told) => digits(memberOf(memberOf(told('/2/users/me'), 'data'), 'id')),
  },
  wecom: {
    subject: wecom,
    whoIs: (told) => printable(memberOf(told('/cgi-bin/auth/getuserinfo'), 'userid')),
  },
  oauth2: {
    subject: storing(oauth2, { trustEmail: true }),
    whoIs: (told) => either(memberOf(memberOf(told('/profile'), 'person'), 'number')),
  },
  oidc: await openId(storing(oidc, { trustEmail: true, fetchUserInfo: true })),
};

/** With the vault, and with further configuration. */
function storing({ instance, ...subject }: ConformanceSubject, further: object = {}): ConformanceSubject {
  const config = { ...(instance.config as object), ...further };
  return { ...subject, instance: { ...instance, config, enableTokenStorage: true } };
}

/** The same with an issuer that signs whatever is made of its claims. */
async function openId(subject: ConformanceSubject): Promise<MutationSubject> {
  const { identity, instance } = subject;
  const { name, email, avatar: picture } = identity;
  const { clientId } = instance.config as { clientId: string };
  const claims = { sub: identity.subject, name, email, email_verified: true, picture };
  const issuer = await Issuer.create(identity.issuer, clientId, { ...claims, nickname: 'ada' });
  return {
    subject: { ...subject, provider: (request) => issuer.answer(request) },
    whoIs: () => issuer.whoIs(),
    issuer,
  };
}
