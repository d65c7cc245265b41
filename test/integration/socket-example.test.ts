import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runInThisContext } from 'node:vm';
import { WebSocket } from 'ws';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { startReplica, type Replica } from '../helpers/replica';
import { sampleOf } from '../helpers/document-samples';
import { READ_TOKEN, SocketUser, TOKENS } from '../helpers/socket-client';

const DOCUMENT = path.join(__dirname, '../../docs/WEBSOCKET.md');

type People = ReadonlyMap<string, { readonly status: string }>;
type Watch = (url: string, token: string, uids: unknown, onChange: (people: People) => void) => void;

/** The client of docs/WEBSOCKET.md, as it stands there. */
function example(SocketClass: unknown, later: unknown = setTimeout): Watch {
  const [, code] = /```js\n([\s\S]*?)```/.exec(readFileSync(DOCUMENT, 'utf8')) ?? [];
  return (runInThisContext(`(WebSocket, setTimeout) => { ${code}; return watch; }`) as (...given: unknown[]) => Watch)(
    SocketClass,
    later,
  );
}

test('the frames that docs/WEBSOCKET.md shows come in that order', async () => {
  const port = await freePort();
  const replica = await startReplica({ nodeID: 'presence-1', env: { PORT: String(port), API_TOKENS: TOKENS } });
  const call = (action: string, given: object) => replica.broker.call(`presence.${action}`, given);
  const open = () => SocketUser.open(port, {});
  let user = await open();
  try {
    await call('newConnection', { uid: 'ann', session: 'ann/1' });
    const lines = sampleOf('docs/WEBSOCKET.md', '→ {"op":"auth"').text.trim().split('\n');
    expect(lines.length).toBeGreaterThan(8);
    let seq: string | undefined;
    let heard = 0;
    for (const line of lines) {
      const op = /"op":"(\w+)"/.exec(line)?.[1];
      if (line.startsWith('→')) {
        if (op === 'auth') user.says({ op, token: READ_TOKEN });
        else
          user.says({
            ...(JSON.parse(/\{.*\}/.exec(line)![0]) as object),
            ...(line.includes('since') ? { since: seq } : {}),
          });
      } else if (line.startsWith('←')) {
        const at = heard++;
        // What is told as a change is made here, when the sample comes to it.
        if (op === 'changes' && user.frames.length === at) {
          await call('setStatus', { uid: 'ann', statusDefault: 'busy', statusText: line });
        }
        await eventually(() => expect(user.frames.length).toBeGreaterThan(at));
        const frame = user.frames[at]!;
        expect(frame.op).toBe(op);
        const shown = [...line.replace(/\[.*\]/, '[]').matchAll(/"(\w+)":/g)].map(([, name]) => name!);
        expect(Object.keys(frame).sort()).toEqual(shown.sort());
        if (frame.op !== 'resumed') seq = frame.seq ?? seq;
      } else {
        user.cut();
        user = await open();
        await call('setStatus', { uid: 'ann', statusDefault: 'away' });
        heard = 0;
        user.says({ op: 'auth', token: READ_TOKEN });
        await user.hears((frame) => frame.op === 'hello');
        user.frames.length = 0;
      }
    }
  } finally {
    user.cut();
    await replica.stop();
  }
}, 30_000);

test('the client of the document tries again where it was refused, whether an error alone is told of that or a close too', async () => {
  for (const told of [['error'], ['error', 'close'], ['close']]) {
    let opened = 0;
    await new Promise<void>((resolve) => {
      class Refused {
        onerror: ((event: object) => void) | null = null;
        onclose: ((event: object) => void) | null = null;
        constructor() {
          opened += 1;
          if (opened === 3) resolve();
          else
            setImmediate(() =>
              told.forEach((type) => (type === 'error' ? this.onerror?.({}) : this.onclose?.({ code: 1006 }))),
            );
        }
      }
      example(Refused, (work: () => void) => setImmediate(work))(
        'ws://127.0.0.1:1',
        READ_TOKEN,
        'all',
        () => undefined,
      );
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([told, opened]).toEqual([told, 3]);
  }
});

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
