import dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPublic } from './target';

/** A name leads to an address that nobody may be called at. Its message names no address. */
export class NotPublicError extends Error {
  constructor() {
    super('the name leads to an address that is not public');
  }
}

/**
 * A lookup that answers public addresses alone. One that is not among those answered is enough to refuse the name: which of them
 * a connection takes is not ours to say. What is answered here is what is connected to, so no second lookup can say otherwise.
 *
 * @param lookup how names are looked up
 */
export function publicLookup(lookup: LookupFunction = dns.lookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, address, family) => {
      if (error) return callback(error, address, family);
      const found = typeof address === 'string' ? [address] : address.map((one) => one.address);
      if (found.length > 0 && found.every(isPublic)) callback(null, address, family);
      else callback(new NotPublicError(), address, family);
    });
  };
}
