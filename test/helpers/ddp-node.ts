import { atOnce } from './at-once';
import { startRocketChatNode } from './rocket-chat-node';
import { SessionBook, type Client } from './session-book';

/** What a node in a process of its own is told (ddp-process.ts). */
export interface DdpOrder {
  readonly open: readonly Client[];
  /** Afterwards the heartbeats of all of them go on, each so often. */
  readonly beatEveryMs: number;
}

/** What it answers. */
export type DdpAnswer = 'ready' | { readonly opened: number; readonly failures: readonly string[] };

const IN_FLIGHT = 200;

/** A ddp-streamer: a node that has clients, in a process that can be stopped and killed. Arguments: NATS URL, node id. */
async function main(natsUrl: string, nodeID: string): Promise<void> {
  const answer = (what: DdpAnswer) => process.send!(what);
  const node = await startRocketChatNode(natsUrl, nodeID, [], { patient: true });
  const book = new SessionBook(node);
  process.on('message', ({ open, beatEveryMs }: DdpOrder) => {
    void (async () => {
      await node.broker.waitForServices(['presence'], 20_000, 50);
      await atOnce(IN_FLIGHT, open, (client) => book.connect(client));
      answer({ opened: book.size, failures: book.failures });
      book.keepBeating(open, beatEveryMs);
    })();
  });
  process.once('SIGTERM', () => {
    book.stopBeating();
    void node.stop().then(() => process.exit(0));
  });
  process.once('disconnect', () => process.exit(0));
  answer('ready');
}

void main(process.argv[2]!, process.argv[3]!);
