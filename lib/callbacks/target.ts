import { BlockList, isIP } from 'node:net';

export interface TargetPolicy {
  /** Targets in private networks and on this machine, and plain http, are allowed. */
  readonly allowPrivate: boolean;
}

/** Longest address taken. */
export const MAX_URL = 2048;

/** What is not the public internet (IANA's registries of special-purpose addresses): by prefix. */
const NOT_PUBLIC_4: readonly [string, number][] = [
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
];
/** Of IPv6 only 2000::/3 is public, and in it not what leads elsewhere (6to4, Teredo) or is for documents. */
const NOT_PUBLIC_6: readonly [string, number][] = [
  ['::', 3],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['4000::', 2],
  ['8000::', 1],
];

// Two lists: in one with both, an IPv4 address is looked for among the IPv6 nets too, as the mapped address it would be there.
const notPublic4 = new BlockList();
for (const [net, prefix] of NOT_PUBLIC_4) notPublic4.addSubnet(net, prefix, 'ipv4');
const notPublic6 = new BlockList();
for (const [net, prefix] of NOT_PUBLIC_6) notPublic6.addSubnet(net, prefix, 'ipv6');

/** Whether an address, in the form a lookup answers, is one of the public internet. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !notPublic4.check(address, 'ipv4');
  // One with a zone is of a network of this machine's.
  return isIP(address) === 6 && !address.includes('%') && !notPublic6.check(address, 'ipv6');
}

/** Names of this very machine, whatever a name server says. */
const LOCAL_NAME = /^(.*\.)?localhost\.?$/;

/**
 * Looks at the address that somebody wants to be called at, as it is written: what a name leads to is looked at with each connection.
 *
 * @returns why it is refused; undefined: it is not
 */
export function refusalOf(target: string, { allowPrivate }: TargetPolicy): string | undefined {
  if (target.length > MAX_URL) return `is longer than ${MAX_URL} characters`;
  let url: URL;
  try {
    url = new URL(target);
  } catch {
    return 'is not a URL';
  }
  if (!['https:', 'http:'].includes(url.protocol)) return 'is neither https nor http';
  if (url.username || url.password) return 'holds credentials, which would be shown; the signature tells who calls';
  if (allowPrivate) return undefined;
  if (url.protocol === 'http:') return 'is not https; plain http is for private targets (CALLBACKS_ALLOW_PRIVATE)';
  return isLocal(hostOf(url)) ? 'is not a public address (CALLBACKS_ALLOW_PRIVATE)' : undefined;
}

/** A host without the brackets of an IPv6 address; the parser has made every way to write an IPv4 address the usual one. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function isLocal(host: string): boolean {
  return isIP(host) === 0 ? LOCAL_NAME.test(host) : !isPublic(host);
}
