import type { ErrorCode } from '../../common/errors.js';
import type { Connector, ConnectorFormItem } from '../connector.js';
import type { InstanceRecord } from '../instances/instance-record.js';
import type { SignInSettings } from '../instances/sign-in-experience.store.js';

type Phrases = Readonly<Record<string, string>>;

/** A kind of connector, in Logto's form. */
export interface ConnectorFactoryAnswer {
  readonly type: 'Social';
  readonly isDemo: false;
  readonly id: string;
  readonly target: string;
  readonly name: Phrases;
  readonly description: Phrases;
  readonly logo: string;
  readonly logoDark: string | null;
  readonly readme: string;
  readonly formItems: readonly ConnectorFormItem[];
  readonly platform: 'Universal';
  readonly isStandard: boolean;
  readonly isTokenStorageSupported: boolean;
}

/** An instance, in Logto's form: parts of its kind, and what is its own. Secrets are named and never told. */
export type ConnectorAnswer = Omit<Partial<ConnectorFactoryAnswer>, 'id'> &
  Pick<
    InstanceRecord,
    | 'id'
    | 'connectorId'
    | 'target'
    | 'config'
    | 'configuredSecrets'
    | 'metadata'
    | 'syncProfile'
    | 'enableTokenStorage'
    | 'enabled'
    | 'isReadOnly'
    | 'version'
  > & {
    readonly extraInfo: Readonly<Record<string, never>>;
    /** Present where it cannot be used, and nobody is offered it. */
    readonly broken?: { readonly code: ErrorCode };
  };

export const factoryAnswer = ({ descriptor }: Connector): ConnectorFactoryAnswer => ({
  type: 'Social',
  isDemo: false,
  id: descriptor.id,
  target: descriptor.target,
  name: { en: descriptor.name },
  description: { en: descriptor.description ?? '' },
  logo: '',
  logoDark: null,
  readme: '',
  formItems: descriptor.formItems ?? [],
  platform: 'Universal',
  isStandard: descriptor.isStandard ?? false,
  isTokenStorageSupported: descriptor.isTokenStorageSupported ?? true,
});

export function connectorAnswer(record: InstanceRecord): ConnectorAnswer {
  const { connector, brokenBy, ...own } = record;
  return {
    ...(connector && factoryAnswer(connector)),
    ...record.metadata,
    ...own,
    extraInfo: {},
    ...(brokenBy && { broken: { code: brokenBy } }),
  };
}

/** The part of Logto's sign-in experience that is ours too. */
export interface SignInExperienceAnswer {
  readonly socialSignInConnectorTargets: readonly string[];
  readonly socialSignIn: { readonly automaticAccountLinking: boolean };
}

export const signInExperienceAnswer = ({
  targets,
  automaticAccountLinking,
}: Required<SignInSettings>): SignInExperienceAnswer => ({
  socialSignInConnectorTargets: targets,
  socialSignIn: { automaticAccountLinking },
});
