import type { ConnectorVariables } from './connector-variables.js';

/** A connector instance as the environment describes it. */
export interface ConnectorConfiguration {
  /** Its target too. */
  readonly id: string;
  readonly connectorId: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly enableTokenStorage?: boolean;
}

/** Without all of these there is no instance. */
const REQUIRED = {
  google: ['CLIENT_ID', 'CLIENT_SECRET'],
  github: ['CLIENT_ID', 'CLIENT_SECRET'],
  facebook: ['CLIENT_ID', 'CLIENT_SECRET'],
  x: ['CLIENT_ID', 'CLIENT_SECRET'],
  wecom: ['CORP_ID', 'APP_SECRET', 'AGENT_ID'],
} as const;

/** The variables of each connector that make sense only together. */
export const connectorGroups = Object.entries(REQUIRED).map(([target, fields]) =>
  fields.map((field) => `${prefixOf(target)}${field}` as keyof ConnectorVariables),
);

/** An instance for each of our connectors whose credentials are given; fields are named as the variables are. */
export function connectorsOf(values: ConnectorVariables): ConnectorConfiguration[] {
  return Object.entries(REQUIRED).flatMap(([target, required]) => {
    const prefix = prefixOf(target);
    const { enableTokenStorage, ...config } = fieldsWith(prefix, values);
    if (!required.every((field) => config[camelCase(field)] !== undefined)) return [];
    return {
      id: target,
      connectorId: `${target}-universal`,
      config,
      enableTokenStorage: enableTokenStorage === true,
    };
  });
}

function fieldsWith(prefix: string, values: ConnectorVariables): Readonly<Record<string, unknown>> {
  const given = Object.entries(values).filter(
    ([name, value]) => name.startsWith(prefix) && value !== undefined,
  );
  return Object.fromEntries(given.map(([name, value]) => [camelCase(name.slice(prefix.length)), value]));
}

function prefixOf(target: string): string {
  return `CONNECTOR_${target.toUpperCase()}_`;
}

const camelCase = (name: string): string =>
  name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
