import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runInThisContext } from 'node:vm';
import { WebSocket } from 'ws';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { startReplica, type Replica } from '../helpers/replica';
import { READ_TOKEN, TOKENS } from '../helpers/socket-client';

const DOCUMENT = path.join(__dirname, '../../docs/WEBSOCKET.md');

type People = ReadonlyMap<string, { readonly status: string }>;
type Watch = (url: string, token: string, uids: unknown, onChange: (people: People) => void) => void;

/** The client of docs/WEBSOCKET.md, as it stands there. */
function example(SocketClass: unknown): Watch {
  const [, code] = /```js\n([\s\S]*?)```/.exec(readFileSync(DOCUMENT, 'utf8')) ?? [];
  return (runInThisContext(`(WebSocket, setTimeout) => { ${code}; return watch; }`) as (...given: unknown[]) => Watch)(
    SocketClass,
    setTimeout,
  );
}

test('the client of the document is right, also after its connection broke and the node was started anew', async () => {
  const port = await freePort();
  const start = (): Promise<Replica> =>
    startReplica({ nodeID: 'presence-1', env: { PORT: String(port), API_TOKENS: TOKENS } });
  let replica = await start();
  const sockets: WebSocket[] = [];
  class Known extends WebSocket {
    constructor(url: string) {
      super(url);
      sockets.push(this);
    }
  }
  let people: People = new Map();
  const knows = (expected: Record<string, string>) =>
    eventually(
      () => expect(Object.fromEntries([...people].map(([uid, { status }]) => [uid, status]))).toEqual(expected),
      { timeoutMs: 15_000 },
    );
  const connected = (uid: string) => replica.broker.call('presence.newConnection', { uid, session: `${uid}/1` });
  await connected('ann');
  example(Known)(`ws://127.0.0.1:${port}/api/v1/ws`, READ_TOKEN, 'all', (seen) => (people = seen));
  try {
    await knows({ ann: 'online' });
    await replica.broker.call('presence.setStatus', { uid: 'ann', statusDefault: 'busy' });
    await knows({ ann: 'busy' });
    sockets.at(-1)!.terminate();
    await connected('bob');
    await knows({ ann: 'busy', bob: 'online' });
    await replica.stop();
    replica = await start();
    await connected('cleo');
    await knows({ cleo: 'online' });
  } finally {
    // It gives up where it is not let in, which ends what it waits for.
    for (const socket of sockets) socket.onclose = null;
    for (const socket of sockets) socket.terminate();
    await replica.stop();
  }
}, 60_000);
