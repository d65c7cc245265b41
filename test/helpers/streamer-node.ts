import { EventEmitter } from 'node:events';
import { startRocketChatNode } from './rocket-chat-node';

/** What the streamer is told. */
export type StreamerOrder =
  /** Logs these users in, and out again after this time. */
  | { readonly kind: 'visit'; readonly uids: readonly string[]; readonly staysMs: number }
  /** Logs these users in and leaves them there. */
  | { readonly kind: 'login'; readonly uids: readonly string[] }
  /** Makes these calls as they are. */
  | { readonly kind: 'call'; readonly action: string; readonly params: readonly unknown[] };

/** How many calls it has made, and how many of them were answered. */
export interface StreamerCounts {
  readonly made: number;
  readonly answered: number;
}

/**
 * Does as the genuine ddp-streamer: `newConnection` is awaited in an event handler that nothing awaits, the promise of
 * `removeConnection` is left alone. So a rejection of either ends this process, as Node.js does by default.
 */
async function main(natsUrl: string, nodeID: string): Promise<void> {
  const node = await startRocketChatNode(natsUrl, nodeID, [], { patient: true });
  await node.broker.waitForServices(['presence'], 20_000, 50);
  const server = new EventEmitter();
  let counts: StreamerCounts = { made: 0, answered: 0 };
  const call = (action: string, ...params: unknown[]): Promise<unknown> => {
    counts = { ...counts, made: counts.made + 1 };
    const answer = node.call(action, ...params);
    void answer.then(
      () => (counts = { ...counts, answered: counts.answered + 1 }),
      () => undefined,
    );
    return answer;
  };
  // eslint's rule is right, and this is what the genuine one does: see above.
  server.on('login', (uid: string) => {
    const logsIn = async () => call('newConnection', uid, `${uid}/s`, nodeID);
    void logsIn();
  });
  server.on('logout', (uid: string) => void call('removeConnection', uid, `${uid}/s`, nodeID));
  process.on('message', (order: StreamerOrder) => {
    if (order.kind === 'call') void call(order.action, ...order.params);
    else for (const uid of order.uids) server.emit('login', uid);
    if (order.kind !== 'visit') return;
    setTimeout(() => order.uids.forEach((uid) => server.emit('logout', uid)), order.staysMs);
  });
  setInterval(() => process.send!(counts), 100);
  process.once('disconnect', () => process.exit(0));
  process.send!(counts);
}

void main(process.argv[2]!, process.argv[3]!);
