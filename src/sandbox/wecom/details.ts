import { avatarUrl, type Persona } from '../personas.js';

interface Member {
  readonly persona: Persona;
  readonly userId: string;
}

interface Detail {
  readonly description: string;
  readonly valueOf: (member: Member) => string;
}

/** What a ticket opens, each only if the member left it ticked. What is not known is empty text. */
export const details: Readonly<Record<string, Detail>> = {
  gender: { description: 'See your gender', valueOf: () => '0' },
  avatar: { description: 'See your profile picture', valueOf: ({ persona }) => avatarUrl(persona) },
  qr_code: {
    description: 'See your QR code',
    valueOf: ({ userId }) => `https://wecom.example.test/vc/${userId}`,
  },
  mobile: { description: 'See your mobile number', valueOf: ({ persona }) => persona.wecomMobile ?? '' },
  email: { description: 'See your own e-mail address', valueOf: ({ persona }) => persona.email ?? '' },
  biz_mail: {
    description: 'See your e-mail address at the company',
    valueOf: ({ userId }) => `${userId.toLowerCase()}@corp.example.test`,
  },
  address: { description: 'See your address', valueOf: () => '' },
};

export const allowedDetails = (member: Member, allowed: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(details)
      .filter(([name]) => allowed.includes(name))
      .map(([name, { valueOf }]) => [name, valueOf(member)]),
  );

/** What a newer application is told about a member without a ticket: nothing to reach them by. */
export const publicProfile = ({ persona, userId }: Member): Record<string, unknown> => ({
  userid: userId,
  name: persona.name,
  department: [1],
  main_department: 1,
  order: [0],
  position: '',
  is_leader_in_dept: [0],
  direct_leader: [],
  alias: '',
  status: 1,
});
