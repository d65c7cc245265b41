import { promises as fs } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TOKENS, withApiNode, type ApiNode } from '../helpers/api-node';
import { storage } from '../helpers/embedded-folders';
import { eventually } from '../helpers/eventually';

/** How NeDB writes: it appends, or writes a file anew. */
const WRITES = ['appendFileAsync', 'crashSafeWriteFileLinesAsync'] as const;

describe('a disk that takes no writes', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(tmpdir(), 'presence-full-'));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await fs.rm(folder, { recursive: true, force: true });
  });

  const health = async (node: ApiNode) => (await node.ask({ path: '/health' })).status;
  const put = async (node: ApiNode, text: string) => {
    const asked = { method: 'PUT', path: '/api/v1/users/ann/status', token: TOKENS.admin };
    return (await node.ask({ ...asked, body: JSON.stringify({ status: 'busy', text }) })).status;
  };

  test.each(['ENOSPC: no space left on device', 'EIO: i/o error', 'EROFS: read-only file system'])(
    '(%s) makes the node unhealthy, and is one line in the log until a write works',
    async (fault) => {
      await withApiNode({ env: { DATA_DIR: folder } }, async (node) => {
        const lines: string[] = [];
        for (const name of ['presence', 'api', 'callbacks', 'history']) {
          const { logger } = node.broker.getLocalService(name);
          for (const level of ['error', 'warn'] as const) {
            jest.spyOn(logger, level).mockImplementation((line: string) => void lines.push(line));
          }
        }
        expect([await put(node, 'before'), await health(node)]).toEqual([200, 200]);
        const broken = WRITES.map((write) => jest.spyOn(storage, write).mockRejectedValue(new Error(fault)));
        for (const text of ['a', 'b', 'c']) expect(await put(node, text)).toBe(503);
        expect(await health(node)).toBe(500);
        expect(lines).toEqual([expect.stringMatching(/^store unavailable: /)]);
        expect(lines[0]).toContain(fault);
        for (const write of broken) write.mockRestore();
        // Without anybody writing.
        await eventually(async () => expect(await health(node)).toBe(200), { timeoutMs: 15_000 });
        expect(await put(node, 'after')).toBe(200);
        expect(lines.slice(1)).toEqual([expect.stringMatching(/^store available again after/)]);
      });
    },
  );
});
