import { ERROR_CODES } from '../../../lib/wire/errors';
import type { Problem } from '../../../lib/http/problems';
import { TOKENS } from '../../helpers/api-node';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/free-port';
import { ask } from '../../helpers/http-client';
import { HttpFuzz, type FuzzedRequest } from '../../helpers/http-fuzz';
import { canSeeMemory, residentMb } from '../../helpers/memory';
import { NodeProcess } from '../../helpers/node-process';
import { RawConnection, type RawAnswer } from '../../helpers/raw-http';

/** 100,000 at full size (scripts/full-size.mjs). */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 10_000);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32);
const CONNECTIONS = 16;
const TIMEOUT_MS = 60_000 + REQUESTS * 10;
/** After the first fifth, in which code is compiled and caches fill. */
const MAY_GROW_MB = 200;
/** A heap that a leak of 2 kB a request would fill. */
const HEAP = '--max-old-space-size=200';

const GOOD = [200, 201, 204, 304];
/** What the fuzz must have brought about, or it fuzzes less than it says. */
const SEEN = [200, 304, 400, 401, 403, 404, 405, 413, 415, 417, 422, 431];

/** The real node, asked at random: it answers what the document says, lives, and does not grow. */
describe('random requests', () => {
  let node: NodeProcess;
  let port: number;
  const url = () => `http://127.0.0.1:${port}`;

  beforeAll(async () => {
    port = await freePort();
    node = NodeProcess.start({
      PORT: String(port),
      NODE_OPTIONS: HEAP,
      DATA_DIR: ':memory:',
      LOG_LEVEL: 'warn',
      API_TOKENS: `a:admin:${TOKENS.admin},w:write:${TOKENS.write},r:read:${TOKENS.read}`,
      API_RATE_LIMIT: '0',
      API_AUTH_FAILURES: '0',
      API_MAX_BODY: '30kb',
    });
    const isUp = async () => expect((await ask(url(), { path: '/health' })).status).toBe(200);
    await eventually(isUp, { timeoutMs: 20_000 });
  }, 30_000);
  afterAll(() => node.end('SIGKILL'));

  test(
    `${REQUESTS} of them, by seed ${SEED}`,
    async () => {
      const fuzz = new HttpFuzz(SEED);
      const seen = new Map<number, number>();
      await run(fuzz, REQUESTS / 5, seen);
      const warmMb = canSeeMemory ? residentMb(node.pid) : 0;
      await run(fuzz, (REQUESTS * 4) / 5, seen);
      const grownMb = canSeeMemory ? residentMb(node.pid) - warmMb : 0;
      process.stderr.write(
        `fuzz by seed ${SEED}: ${JSON.stringify(Object.fromEntries(seen))}, grew ${grownMb.toFixed()} MB\n`,
      );
      expect([...seen.keys()]).toEqual(expect.arrayContaining(SEEN));
      expect(grownMb).toBeLessThan(MAY_GROW_MB);
      expect(node.output).not.toMatch(/a request failed|unhandled/i);
      await stillAnswersRightly();
    },
    TIMEOUT_MS,
  );

  async function run(fuzz: HttpFuzz, requests: number, seen: Map<number, number>): Promise<void> {
    let left = requests;
    const work = async () => {
      const connection = new RawConnection(port);
      while (left-- > 0) {
        const request = fuzz.next();
        for (const answer of await answersTo(connection, request)) {
          const fault = faultOf(answer);
          if (fault) throw new Error(`${fault}\nrequest: ${request.bytes.toString('latin1').slice(0, 2000)}`);
          seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
        }
      }
      connection.close();
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
  }

  async function answersTo(connection: RawConnection, { bytes, isWhole, isHead }: FuzzedRequest): Promise<RawAnswer[]> {
    if (!isWhole) return connection.sendLast(bytes);
    // A connection that is kept may be ended by the server just when something is sent: then it is sent once more.
    const answer = (await connection.send(bytes, isHead)) ?? (await connection.send(bytes, isHead));
    if (!answer) throw new Error(`no answer to ${bytes.toString('latin1').slice(0, 2000)}`);
    return [answer];
  }

  /** @returns what is wrong with an answer */
  function faultOf({ status, type, body }: RawAnswer): string | undefined {
    if (GOOD.includes(status)) return undefined;
    if (status < 400 || status >= 500) return `${status} ${body}`;
    if (body === '') return undefined; // of HEAD
    if (type !== 'application/problem+json' || !body.startsWith('{') || !body.endsWith('}'))
      return `${status} is ${type}: ${body}`;
    const { code, detail, title, retryable, ...rest } = JSON.parse(body) as Problem;
    const known = Object.hasOwn(ERROR_CODES, code) && ERROR_CODES[code];
    const isRight = known && known.status === status && rest.status === status && known.retryable === retryable;
    return isRight && detail && title && rest.type === `/problems/${code}` ? undefined : `${status} ${body}`;
  }

  async function stillAnswersRightly(): Promise<void> {
    const put = {
      method: 'PUT',
      path: '/api/v1/users/after-all/status',
      body: { status: 'busy' },
      token: TOKENS.write,
    };
    expect((await ask(url(), put)).json()).toEqual({ accepted: true });
    const got = await ask(url(), { path: '/api/v1/users/after-all', token: TOKENS.read });
    expect(got.json()).toMatchObject({ uid: 'after-all', status: 'offline', statusSource: 'manual' });
    expect((await ask(url(), { path: '/health' })).text).toBe('ok');
  }
});
