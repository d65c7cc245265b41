import { secretsAt, type Callback, type OutboxRow } from '../../domain/callbacks';
import type { PostRequest } from './post';
import { signedHeaders } from './signing';

/** What is not the receiver's own business; `webhook-id` and the others come to it. */
const HEADERS = { 'content-type': 'application/json', 'user-agent': 'presence-node' } as const;

/** The request that tells a callback of a change: the body is the same in every attempt. */
export function messageOf(callback: Callback, { _id, change }: OutboxRow, nowMs: number): PostRequest {
  const { uid, rev, at, from, to, text, source, cause } = change;
  return request(callback, _id, nowMs, {
    type: 'presence.changed',
    timestamp: at.toISOString(),
    data: { uid, rev, at: at.toISOString(), from, to, text, source, cause },
  });
}

/** A request by which a receiver is tried. */
export function testMessageOf(callback: Callback, id: string, nowMs: number): PostRequest {
  const { _id, name } = callback;
  const timestamp = new Date(nowMs).toISOString();
  return request(callback, id, nowMs, { type: 'presence.test', timestamp, data: { callback: _id, name } });
}

function request(callback: Callback, id: string, nowMs: number, content: object): PostRequest {
  const body = JSON.stringify(content);
  return {
    url: callback.url,
    body,
    headers: { ...HEADERS, ...signedHeaders(id, body, secretsAt(callback, nowMs), nowMs) },
  };
}
