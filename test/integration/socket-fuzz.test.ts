import { WebSocket } from 'ws';
import { eventually } from '../helpers/eventually';
import { canSeeMemory, residentMb } from '../helpers/memory';
import { randomBytesOfAFrame, randomMessage, seeded } from '../helpers/random-frames';
import { ADMIN_TOKEN, READ_TOKEN, SocketUser } from '../helpers/socket-client';
import { SocketNode } from '../helpers/socket-node';

const FRAMES = 100_000;
/** Fewer than a client may send at once, for more would be a matter of the limit alone. */
const FRAMES_OF_A_CLIENT = 49;
const AT_ONCE = 50;
const MOST_MB = 400;

/** Whatever anybody sends, the node lives, and others are served. */
describe('frames of any kind', () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
  let node: SocketNode;

  beforeAll(async () => {
    node = await SocketNode.start();
  });
  afterAll(() => node.process.end('SIGTERM'));

  /** Sends frames until there are enough or the connection is closed. @returns how many */
  async function client(below: (below: number) => number): Promise<number> {
    const headers: Record<string, string> = below(3) === 0 ? {} : { authorization: `Bearer ${READ_TOKEN}` };
    const socket = new WebSocket(`ws://127.0.0.1:${node.port}/api/v1/ws`, { headers });
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('open', resolve));
    const isRaw = below(10) === 0;
    let sent = 0;
    for (; sent < FRAMES_OF_A_CLIENT && socket.readyState === WebSocket.OPEN; sent++) {
      if (isRaw && below(3) === 0) rawOf(socket).write(randomBytesOfAFrame(below));
      else await send(socket, below);
    }
    socket.close();
    const closed = new Promise((resolve) =>
      socket.readyState === WebSocket.CLOSED ? resolve(0) : socket.once('close', resolve),
    );
    if (isRaw) socket.terminate();
    await closed;
    return sent;
  }

  test(`${FRAMES} of them over many connections: the node lives and serves`, async () => {
    process.stderr.write(`SEED=${seed}\n`);
    const below = seeded(seed);
    const witness = await SocketUser.open(node.port, { token: READ_TOKEN });
    witness.subscribe('all');
    await witness.answered();
    let [sent, clients] = [0, 0];
    const worker = async () => {
      while (sent < FRAMES) {
        const more = await client(below);
        sent += more;
        clients += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(clients).toBeGreaterThan(FRAMES / FRAMES_OF_A_CLIENT);
    await node.setStatuses([{ uid: 'ann', status: 'busy', text: 'still there' }]);
    await witness.hears(({ users = [] }) => users.some(({ uid }) => uid === 'ann'));
    const next = await SocketUser.open(node.port, { token: ADMIN_TOKEN });
    next.subscribe(['ann']);
    await next.answered();
    for (const user of [witness, next]) user.cut();
    // Nothing that the node did not foresee, nor anybody's token.
    const unforeseen = node.process.output.split('\n').filter((line) => !line.includes('"failed logins: '));
    expect(unforeseen.join('\n')).not.toMatch(/"level":[456]0|Error|nobody-has/);
    if (canSeeMemory) await eventually(() => expect(residentMb(node.process.pid)).toBeLessThan(MOST_MB));
  }, 300_000);
});

function send(socket: WebSocket, below: (below: number) => number): Promise<void> {
  const { parts, isBinary } = randomMessage(below);
  return new Promise((resolve) => {
    parts.forEach((part, i) => {
      const isLast = i === parts.length - 1;
      socket.send(part, { binary: isBinary, fin: isLast }, () => (isLast ? resolve() : undefined));
    });
  });
}

/** What the client writes to, past the protocol. */
function rawOf(socket: WebSocket): NodeJS.WritableStream {
  return (socket as unknown as { _socket: NodeJS.WritableStream })._socket;
}
