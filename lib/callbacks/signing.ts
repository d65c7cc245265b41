import { Webhook } from 'standardwebhooks';

/** What a receiver verifies a body by. */
export interface SignedHeaders {
  readonly 'webhook-id': string;
  /** Seconds since the epoch, of this attempt. */
  readonly 'webhook-timestamp': string;
  /** One signature a secret, the newest first. */
  readonly 'webhook-signature': string;
}

const SECOND = 1000;

/** Signs a body as Standard Webhooks tells. @param secrets each of which verifies it */
export function signedHeaders(id: string, body: string, secrets: readonly string[], nowMs: number): SignedHeaders {
  const at = new Date(nowMs);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(nowMs / SECOND)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
  };
}
