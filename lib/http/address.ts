import type http from 'node:http';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Bytes of an IPv6 address that belong to one customer, who may use all of the rest. */
const IPV6_BYTES = 8;
/** NAT64 and its kin: the IPv4 address stands in the last four bytes. */
const RANGE_OF_IPV4 = 'rfc6052';
const IPV4_BYTES = 4;

/**
 * The address a request comes from, as far as it can be trusted: what limits by address go by.
 *
 * @param proxies that stand before this node, each of which has added to X-Forwarded-For the address it saw
 * @returns for IPv6 the first 64 bits; where the proxies tell no address, that of the nearest one
 */
export function addressOf(req: http.IncomingMessage, proxies: number): string {
  const forwarded = proxies > 0 ? [req.headers['x-forwarded-for'] ?? []].flat().join(',').split(',') : [];
  return keyOf(forwarded.at(-proxies)) ?? keyOf(req.socket.remoteAddress) ?? 'unknown';
}

/** @returns one text for all spellings of an address; undefined where it is none */
function keyOf(text: string | undefined): string | undefined {
  const address = text === undefined ? '' : withoutPort(text.trim());
  if (isIP(address) === 0) return undefined;
  const parsed = ipaddr.process(address); // IPv4 where it is mapped into IPv6
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const bytes = parsed.toByteArray();
  if (parsed.range() === RANGE_OF_IPV4) return ipaddr.fromByteArray(bytes.slice(-IPV4_BYTES)).toString();
  const network = [...bytes.slice(0, IPV6_BYTES), ...new Array<number>(IPV6_BYTES).fill(0)];
  return `${ipaddr.fromByteArray(network).toString()}/64`;
}

/** Some proxies add the port: `192.0.2.1:5678`, `[2001:db8::1]:443`. */
function withoutPort(text: string): string {
  const [, ipv6, ipv4] = /^"?(?:\[([^\]]*)\]|(\d+(?:\.\d+){3}))(?::\d+)?"?$/.exec(text) ?? [];
  return ipv6 ?? ipv4 ?? text;
}
