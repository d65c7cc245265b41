import { NodeLimits, type Registry } from '../../lib/wire/node-limits';

interface Known {
  readonly id: string;
  readonly local: boolean;
  available: boolean;
  readonly instanceID: string;
  readonly metadata: null;
}

const MEGABYTE = 1024 * 1024;
let nodes: Map<string, Known>;
let registry: Registry;
let limits: NodeLimits;

beforeEach(() => {
  nodes = new Map([['self', { id: 'self', local: true, available: true, instanceID: 'i', metadata: null }]]);
  registry = {
    nodes: {
      toArray: () => [...nodes.values()],
      get: (id) => nodes.get(id),
      has: (id) => nodes.has(id),
      count: () => nodes.size,
      delete: (id) => nodes.delete(id),
    },
    actions: { actions: new Map() },
    events: { events: [] },
  };
  limits = new NodeLimits(registry);
});

/** @returns whether it was taken, as Moleculer then takes it into its catalog */
function comes(sender: string, { bytes = 100, nowMs = 0, event = 'presence.status' } = {}): boolean {
  const isTaken = limits.admit({ sender, services: [{ events: { e: { name: event } } }] }, bytes, nowMs);
  if (isTaken) nodes.set(sender, { id: sender, local: false, available: true, instanceID: 'i', metadata: null });
  return isTaken;
}

it('keeps a thousand nodes, and takes another where one of them is gone', () => {
  const taken = Array.from({ length: 1_100 }, (_, i) => comes(`n${i}`)).filter(Boolean);
  expect(taken).toHaveLength(999); // and this node itself
  expect(comes('n5')).toBe(true); // one that is known
  nodes.get('n7')!.available = false;
  expect(comes('late', { nowMs: 500 })).toBe(false); // looked for a moment ago
  expect(comes('late', { nowMs: 1_000 })).toBe(true);
  expect(nodes.has('n7')).toBe(false);
});

it('keeps 64 MB of what nodes tell, each counted once', () => {
  for (let i = 0; i < 63; i++) expect(comes(`n${i}`, { bytes: MEGABYTE })).toBe(true);
  for (let i = 0; i < 100; i++) expect(comes('n0', { bytes: MEGABYTE })).toBe(true);
  expect(comes('large', { bytes: 2 * MEGABYTE })).toBe(false);
  expect(comes('small', { bytes: MEGABYTE })).toBe(true);
});

it('takes names of events for which an expression is kept for ever in a number', () => {
  const taken = Array.from({ length: 300 }, (_, i) => comes(`n${i}`, { event: `a${i}.*.b` })).filter(Boolean);
  expect(taken).toHaveLength(200);
  expect(comes('again', { event: 'a0.*.b' })).toBe(true);
  expect(comes('plain', { event: 'a.**' })).toBe(true);
});

it('names that no node has any more are removed', () => {
  registry.actions.actions.set('gone', { endpoints: [] });
  registry.actions.actions.set('there', { endpoints: [{}] });
  registry.events.events = [{ endpoints: [] }, { endpoints: [{}] }];
  comes('large', { bytes: 2 * MEGABYTE });
  expect([...registry.actions.actions.keys()]).toEqual(['there']);
  expect(registry.events.events).toHaveLength(1);
});
