import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { LatchkeyError } from './errors.js';

/** Every address of a host name. */
export type Resolve = (hostname: string, options?: LookupOptions) => Promise<readonly LookupAddress[]>;

/**
 * Injection token of the hosts at private addresses, `string[]` in the form of `URL.host`, to which what administrators
 * configure may lead. `ConnectorsModule` provides those that it was told.
 */
export const PRIVATE_HOSTS = Symbol('latchkey:private-hosts');

/** As the operating system resolves. */
export const systemResolve: Resolve = (hostname, options) => lookup(hostname, { ...options, all: true });

/**
 * The address as a URL that somebody else's configuration may make us ask: https, on the port of a web server, without
 * credentials, and neither an address nor a name of a private network. Throws `connector.address_forbidden` otherwise.
 * `privateHosts`, each in the form of `URL.host`, may be anywhere and may speak plain http. A name is not resolved here.
 */
export function assertPublicUrl(
  address: string | URL,
  privateHosts: ReadonlySet<string>,
  field?: string,
): URL {
  if (!URL.canParse(String(address))) throw forbidden('malformed', field);
  const url = new URL(address);
  const isExempt = privateHosts.has(url.host);
  if (!(url.protocol === 'https:' || (url.protocol === 'http:' && isExempt)))
    throw forbidden('scheme', field);
  if (url.username + url.password !== '') throw forbidden('credentials', field);
  if (isExempt) return url;
  if (!isWebPort(url.port)) throw forbidden('port', field);
  if (!isPublicHost(url.hostname)) throw forbidden('address', field);
  return url;
}

/**
 * The same for every endpoint that a connector's configuration names (`issuer`, `…Endpoint`, `…Url`, `…Uri`), its host
 * name resolved. A name that cannot be resolved now passes: it is judged again whenever it is used.
 */
export async function assertPublicEndpoints(
  config: unknown,
  privateHosts: ReadonlySet<string>,
  resolve: Resolve = systemResolve,
): Promise<void> {
  const endpoints = Object.entries(config ?? {}).flatMap(([field, value]) =>
    typeof value === 'string' && ENDPOINT_FIELD.test(field) ? [{ field, value }] : [],
  );
  const urls = endpoints.map(({ field, value }) => ({
    field,
    url: assertPublicUrl(value, privateHosts, field),
  }));
  const named = urls.filter(({ url }) => !privateHosts.has(url.host) && isIP(bare(url.hostname)) === 0);
  await Promise.all(
    named.map(async ({ field, url }) => {
      const addresses = await resolve(url.hostname).catch(() => []);
      if (!addresses.every(({ address }) => isPublicAddress(address))) throw forbidden('address', field);
    }),
  );
}

/**
 * The lookup of a connection, which judges the very addresses that it then connects to: a name that changes its
 * addresses between a check and the use (DNS rebinding) gains nothing. One address that is refused spoils the name.
 */
export const lookupBy =
  (resolve: Resolve, isAccepted: (address: string) => boolean): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, options)
      .then((addresses) => {
        const [first] = addresses;
        if (!first || !addresses.every(({ address }) => isAccepted(address))) throw forbidden('address');
        if (options.all) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      })
      .catch((error: unknown) => callback(error as Error, '', 0));
  };

/** Whether the address is one of the public internet (IANA's registries of special-purpose addresses, RFC 6890). */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !SPECIAL.check(address, 'ipv4');
  return (
    family === 6 && !address.includes('%') && GLOBAL.check(address, 'ipv6') && !SPECIAL.check(address, 'ipv6')
  );
}

const ENDPOINT_FIELD = /(?:endpoint|issuer|url|uri)$/i;

/** The only IPv6 addresses that are given out to the public. */
const GLOBAL = new BlockList();
GLOBAL.addSubnet('2000::', 3, 'ipv6');

const SPECIAL = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  // Inside Azure every machine finds its host here: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
  ['168.63.129.16', 32],
] as const)
  SPECIAL.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  SPECIAL.addSubnet(network, prefix, 'ipv6');

/** Names of one label, and those set aside for private networks (RFC 6761, 6762, 8375; `.internal` by ICANN). */
const isPublicName = (name: string): boolean =>
  name.includes('.') && !/\.(?:localhost|localdomain|local|internal|home\.arpa)$/.test(name);

function isPublicHost(hostname: string): boolean {
  const host = bare(hostname);
  return isIP(host) === 0 ? isPublicName(host.replace(/\.$/, '')) : isPublicAddress(host);
}

/** An IPv6 address without the brackets that a URL puts around it. */
const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');

/** Of databases, caches and desktops; the well-known ones are below 1024. */
const OTHER_PORTS = new Set(
  [
    1433, 1521, 2049, 2181, 2375, 2376, 2379, 3306, 3389, 5432, 5672, 5900, 5984, 6379, 9092, 9200, 11211,
    27017,
  ].map(String),
);

const isWebPort = (port: string): boolean =>
  ['', '80', '443'].includes(port) || (Number(port) >= 1024 && !OTHER_PORTS.has(port));

const REASONS = {
  malformed: 'it is no URL',
  scheme: 'it has to be https',
  credentials: 'it contains credentials',
  port: 'its port is not one of a web server',
  address: 'it is not on the public internet',
} as const;

const forbidden = (reason: keyof typeof REASONS, field?: string): LatchkeyError =>
  new LatchkeyError('connector.address_forbidden', `The address may not be used: ${REASONS[reason]}.`, {
    data: { reason, ...(field !== undefined && { field }) },
  });
