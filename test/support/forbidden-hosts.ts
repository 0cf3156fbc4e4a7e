/** One address or two of every network that is not the public internet. */
const IPV4 = [
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.100.100.200',
  '169.254.169.254',
  '169.254.170.2',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '192.168.255.255',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '168.63.129.16',
] as const;

const IPV6 = [
  '::',
  '::1',
  '0:0:0:0:0:0:0:1',
  '0000:0000:0000:0000:0000:0000:0000:0001',
  '::127.0.0.1',
  '::ffff:0:127.0.0.1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'febf::1',
  'fec0::1',
  'ff02::1',
  '100::1',
  '64:ff9b:1::1',
  '2001::1',
  '2001:2::1',
  '2001:10::1',
  '2001:db8::1',
  '3fff::1',
  '3fff:fff::1',
  '5f00::1',
  '4000::1',
  '::1%25lo',
  'fe80::1%25eth0',
  'fe80::1%eth0',
] as const;

const NAMES = [
  'localhost',
  'LOCALHOST',
  'localhost.',
  'ｌｏｃａｌｈｏｓｔ',
  'a.localhost',
  'a.b.localhost.',
  'localhost.localdomain',
  'printer.local',
  'metadata.google.internal',
  'router.home.arpa',
  'redis',
  'kubernetes',
  '',
  'a b.example',
] as const;

const bytes = (address: string): number[] => address.split('.').map(Number);
const number = (address: string): number => bytes(address).reduce((sum, byte) => sum * 256 + byte, 0);
const parts = (address: string, spell: (byte: number) => string): string =>
  bytes(address).map(spell).join('.');
const hex = (value: number): string => `0x${value.toString(16)}`;
const octal = (value: number): string => `0${value.toString(8)}`;
const wide = (text: string): string =>
  text.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
const pairs = (address: string): string => {
  const [a = 0, b = 0, c = 0, d = 0] = bytes(address);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
};

const SPELLINGS: readonly ((address: string) => string)[] = [
  (address) => address,
  (address) => `${address}.`,
  (address) => String(number(address)),
  (address) => hex(number(address)),
  (address) => octal(number(address)),
  (address) => parts(address, hex),
  (address) => parts(address, octal),
  (address) => parts(address, (byte) => `000${byte.toString(8)}`),
  (address) => `${bytes(address)[0]}.${number(address) % 2 ** 24}`,
  (address) => `${bytes(address)[0]}.${bytes(address)[1]}.${number(address) % 2 ** 16}`,
  (address) => wide(address),
  (address) => address.replaceAll('.', '。'),
  (address) => address.replaceAll('.', '%2e'),
  (address) => `[::ffff:${address}]`,
  (address) => `[::ffff:${pairs(address)}]`,
  (address) => `[64:ff9b::${pairs(address)}]`,
  (address) => `[2002:${pairs(address)}::1]`,
];

/** Hosts of URLs that lead, or could lead, to where no request of ours may go. */
export const forbiddenHosts: readonly string[] = [
  ...IPV4.flatMap((address) => SPELLINGS.map((spell) => spell(address))),
  ...IPV6.map((address) => `[${address}]`),
  ...NAMES,
];
