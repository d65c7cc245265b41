import { createHash } from 'node:crypto';
import type http from 'node:http';

/** A text that is always the same, with the tag by which clients know it. */
export interface TaggedText {
  readonly text: string;
  readonly etag: string;
}

export function taggedText(text: string): TaggedText {
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` };
}

/** Answers with a JSON text, or that it is what the client has already. */
export function sendDocument({ text, etag }: TaggedText, req: http.IncomingMessage, res: http.ServerResponse): void {
  res.setHeader('cache-control', 'no-cache');
  res.setHeader('etag', etag);
  const known = (req.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(etag) || known.includes('*')) return void res.writeHead(304).end();
  res.writeHead(200, { 'content-type': 'application/json' }).end(text);
}
