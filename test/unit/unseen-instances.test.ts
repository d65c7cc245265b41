import { UnseenInstances } from '../../lib/replicas/unseen-instances';
import type { StoredInstance } from '../../lib/store/instance-port';
import { NOW, SECOND } from '../helpers/presence-builders';

const SILENT_MS = 30 * SECOND;
let stored: StoredInstance[];
let kept: string[][];
let unseen: UnseenInstances;
const holds = (instanceId: string, newestMs: number) => ({ instanceId, sessions: 1, newestMs });

beforeEach(() => {
  [stored, kept] = [[], []];
  const outside = async (keep: ReadonlySet<string>) => {
    kept.push([...keep]);
    return stored.filter(({ instanceId }) => !keep.has(instanceId));
  };
  unseen = new UnseenInstances({ outside }, SILENT_MS);
});
const newest = async (atMs: number, ...there: string[]) =>
  Object.fromEntries(await unseen.newest(new Set(there), NOW + atMs));

it('reads an instance again when it could be missing, and not before', async () => {
  stored = [holds('x', NOW)];
  expect(await newest(0, 'a')).toEqual({ x: NOW });
  stored = [holds('x', NOW + SECOND)];
  expect(await newest(SILENT_MS - 1, 'a')).toEqual({ x: NOW });
  expect(kept.at(-1)).toEqual(['a', 'x']);
  expect(await newest(SILENT_MS, 'a')).toEqual({ x: NOW + SECOND });
});

it('reads an instance that stays silent some times more, and at once when its sessions were dropped', async () => {
  stored = [holds('x', NOW - SILENT_MS)];
  for (let atMs = 0; atMs < SILENT_MS; atMs += SECOND) await newest(atMs);
  expect(kept.filter((ids) => !ids.includes('x')).length).toBeLessThanOrEqual(4);
  unseen.forget('x');
  stored = [];
  expect(await newest(SILENT_MS)).toEqual({});
});

it('forgets an instance that the bus shows, or that has no sessions any more', async () => {
  stored = [holds('x', NOW), holds('y', NOW)];
  await newest(0);
  expect(await newest(1, 'x')).toEqual({ y: NOW });
  stored = [];
  expect(await newest(SILENT_MS, 'x')).toEqual({});
});
