/**
 * A node as Rocket.Chat runs them, with users of its own, in a process of its own: for another network namespace. Says
 * `ready` once all are connected; asked with any message it answers what its listener has heard.
 *
 *   far-users.ts <nats url> <node id> <how many> <milliseconds between heartbeats>
 */
import { BeatingUsers } from './beating-users';
import { startRocketChatNode } from './rocket-chat-node';

/** Ids of the users of a node. */
export const usersOf = (nodeID: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${nodeID}-user-${i}`);

async function main(natsUrl: string, nodeID: string, count: number, everyMs: number): Promise<void> {
  const node = await startRocketChatNode(natsUrl, nodeID);
  await node.broker.waitForServices(['presence'], 20_000, 50);
  await new BeatingUsers(node, usersOf(nodeID, count), everyMs).arrive();
  process.on('message', () => process.send!(node.statuses));
  process.send!('ready');
}

if (require.main === module) {
  const [, , natsUrl, nodeID, count, everyMs] = process.argv;
  void main(natsUrl!, nodeID!, Number(count), Number(everyMs));
}
