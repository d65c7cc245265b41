import { createHash } from 'node:crypto';
import type http from 'node:http';

/** An answer that is always the same, with the tag by which clients know it. */
export interface Tagged {
  readonly bytes: Buffer;
  readonly type: string;
  readonly etag: string;
}

export function tagged(content: string | Buffer, type: string): Tagged {
  const bytes = Buffer.from(content);
  return { bytes, type, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` };
}

/** Answers with it, or that it is what the client has already. Asked for anew each time, for an upgrade must be seen. */
export function sendTagged({ bytes, type, etag }: Tagged, req: http.IncomingMessage, res: http.ServerResponse): void {
  res.setHeader('cache-control', 'no-cache');
  res.setHeader('etag', etag);
  const known = (req.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(etag) || known.includes('*')) return void res.writeHead(304).end();
  res.writeHead(200, { 'content-type': type, 'content-length': bytes.length }).end(bytes);
}
