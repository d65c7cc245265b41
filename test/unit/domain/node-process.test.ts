import { sighted, type NodeProcess, type ProcessSighting } from '../../../domain/node-process';
import { NOW, SECOND } from '../../helpers/presence-builders';

const seen = (process: string, sinceMs = NOW, isNew = true): ProcessSighting => ({
  id: 'ddp-1',
  process,
  sinceMs,
  isNew,
});
const after = (...sightings: ProcessSighting[]) => sightings.reduce<NodeProcess | undefined>(sighted, undefined)!;

it('a process that comes while replicas look is there since then, one that was there before is not dated', () => {
  expect(after(seen('A'))).toEqual({ id: 'ddp-1', process: 'A', sinceMs: NOW, former: [] });
  expect(after(seen('A', NOW, false))).toEqual({ id: 'ddp-1', process: 'A', former: [] });
});

it('another process under the same id takes its place, also for a replica that has just started', () => {
  const expected = { id: 'ddp-1', process: 'B', sinceMs: NOW + SECOND, former: ['A'] };
  expect(after(seen('A'), seen('B', NOW + SECOND))).toEqual(expected);
  expect(after(seen('A', NOW, false), seen('B', NOW + SECOND, false))).toEqual(expected);
});

it('what was ended of the former process says nothing of the next', () => {
  expect(sighted({ ...after(seen('A'), seen('B')), endedMs: NOW }, seen('C'))).not.toHaveProperty('endedMs');
});

it('the replica that saw it first dates it, and no later one', () => {
  const known = after(seen('A'), seen('B', NOW + SECOND));
  expect(sighted(known, seen('B', NOW + 2 * SECOND))).toBe(known);
  expect(sighted(known, seen('B', NOW + SECOND - 20))).toEqual({ ...known, sinceMs: NOW + SECOND - 20 });
  const undated = after(seen('A', NOW, false));
  expect(sighted(undated, seen('A', NOW - SECOND))).toBe(undated);
});

it('a packet of a former process that comes late, or again, changes nothing', () => {
  const known = after(seen('A'), seen('B'), seen('C'));
  for (const process of ['A', 'B', 'C']) expect(sighted(known, seen(process, NOW + SECOND))).toBe(known);
});

it('of processes before, the last few are kept', () => {
  const many = after(...Array.from({ length: 100 }, (_, i) => seen(`P${i}`)));
  expect(many.former).toEqual(['P98', 'P97', 'P96', 'P95']);
});
