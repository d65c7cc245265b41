import { createHash } from 'node:crypto';
import type http from 'node:http';

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  /** Absent: none. */
  readonly body?: string;
}

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Whether a caller has what would be sent already (RFC 9110, If-None-Match: tags are compared weakly). */
export function isFresh(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** Sends an answer; to GET and HEAD with an ETag, by which it need not be sent again. */
export function sendAnswer(req: http.IncomingMessage, res: http.ServerResponse, answer: Answer): void {
  const body = Buffer.from(answer.body ?? '');
  if (req.method === 'GET' || req.method === 'HEAD') {
    const etag = `"${createHash('sha1').update(body).digest('base64url')}"`;
    res.setHeader('etag', etag);
    // Of a caller alone, and looked at anew each time: what is presence now is not in a minute.
    if (!res.hasHeader('cache-control')) res.setHeader('cache-control', 'private, no-cache');
    if (isFresh(req.headers['if-none-match'], etag)) {
      res.writeHead(304).end();
      return;
    }
  } else {
    res.setHeader('cache-control', 'no-store');
  }
  if (answer.body === undefined) {
    res.writeHead(answer.status).end();
    return;
  }
  res.writeHead(answer.status, { 'content-type': answer.contentType, 'content-length': body.length });
  res.end(req.method === 'HEAD' ? undefined : body);
}

/** The same request at the next page (RFC 8288). @param query of this one */
export function nextLink(path: string, query: string, by: string, next: string): string {
  const parameters = new URLSearchParams(query);
  parameters.set(by, next);
  return `<${path}?${parameters.toString()}>; rel="next"`;
}
