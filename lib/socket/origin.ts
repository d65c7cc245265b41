import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a page may open a WebSocket: one of the node itself, or of an origin that is allowed. Clients that are no browsers send no
 * origin, and are let in or not by their token alone.
 *
 * @param origins `*` is any
 */
export function isOriginAllowed({ origin, host }: IncomingHttpHeaders, origins: readonly string[]): boolean {
  if (origin === undefined) return true;
  if (origins.includes('*') || origins.includes(origin.toLowerCase())) return true;
  try {
    return new URL(origin).host === host?.toLowerCase();
  } catch {
    return false;
  }
}
