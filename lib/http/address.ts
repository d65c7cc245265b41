import type http from 'node:http';

/** Parts of an IPv6 address that belong to one customer, who may use all of the rest. */
const IPV6_PARTS = 4;

/**
 * The address a request comes from, as far as it can be trusted.
 *
 * @param proxies that stand before this node, each of which has added to X-Forwarded-For the address it saw
 * @returns for IPv6 the first 64 bits
 */
export function addressOf(req: http.IncomingMessage, proxies: number): string {
  const forwarded = [req.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const seen = proxies > 0 ? forwarded.at(-proxies)?.trim() : undefined;
  const address = (seen || req.socket.remoteAddress || 'unknown').slice(0, 64).replace(/^::ffff:(?=\d+\.)/i, '');
  return address.includes(':') ? address.split(':').slice(0, IPV6_PARTS).join(':') : address;
}
