import type { NodeSeen } from '../../domain/node-watch';
import type { PresenceChange } from '../../domain/presence';
import type { Status } from '../../domain/types';
import { Teller } from '../../lib/wire/teller';

const PATIENCE_MS = 30_000;

const STATUSES = ['offline', 'online', 'away'] as const;
/** From revision to revision, each with a status of its own. */
const change = (_id: string, from: number, to: number): PresenceChange =>
  moved(_id, from, STATUSES[from % 3]!, to, STATUSES[to % 3]!);
const moved = (_id: string, from: number, was: Status, to: number, is: Status): PresenceChange => ({
  before: { _id, presenceRev: from, status: was },
  after: { _id, presenceRev: to, status: is },
});
const node = (id: string, silentMs: number, available = true): NodeSeen => ({ id, available, silentMs });

let told: PresenceChange[];
let teller: Teller;
beforeEach(() => {
  told = [];
  teller = new Teller((one) => told.push(one), PATIENCE_MS);
});

it('tells at once while the bus was never lost', () => {
  teller.tell([change('ann', 1, 2), change('ann', 2, 3)]);
  expect(told).toEqual([change('ann', 1, 2), change('ann', 2, 3)]);
  expect(teller.look(true, [node('core', 60_000)], 0)).toBeUndefined();
});

it('holds one change a user from the loss of the bus, from what was last told to what is now', () => {
  teller.busWentDown();
  teller.tell([change('ann', 1, 2), change('bob', 7, 8)]);
  teller.tell([change('ann', 2, 3)]);
  expect(teller.look(false, [], 0)).toBeUndefined();
  expect(told).toEqual([]);
  expect(teller.look(true, [], 1)).toBe(2);
  expect(told).toEqual([change('ann', 1, 3), change('bob', 7, 8)]);
  expect(teller.look(true, [], 2)).toBeUndefined();
});

it('tells nothing of a user who came back to what was last told of him', () => {
  teller.busWentDown();
  teller.tell([moved('ann', 1, 'online', 2, 'offline'), moved('bob', 1, 'online', 2, 'offline')]);
  teller.tell([moved('ann', 2, 'offline', 3, 'online'), moved('bob', 2, 'offline', 3, 'away')]);
  expect(teller.look(true, [], 1)).toBe(1);
  expect(told).toEqual([moved('bob', 1, 'online', 3, 'away')]);
});

it('tells it all the same when another replica changed him in between, and told of that', () => {
  teller.busWentDown();
  teller.tell([moved('ann', 1, 'online', 2, 'offline')]);
  teller.tell([moved('ann', 3, 'busy', 4, 'online')]);
  teller.tell([moved('ann', 4, 'online', 5, 'away'), moved('ann', 5, 'away', 6, 'online')]);
  expect(teller.look(true, [], 1)).toBe(1);
  expect(told).toEqual([moved('ann', 1, 'online', 6, 'online')]);
});

it('holds also what changes between the return of the bus and word of all its nodes', () => {
  teller.busWentDown();
  expect(teller.look(true, [node('core', 5_000), node('ddp', 0, false)], 100_000)).toBeUndefined();
  teller.tell([change('ann', 1, 2)]);
  expect(teller.look(true, [node('core', 0), node('ddp', 0, false)], 102_000)).toBeUndefined();
  expect(told).toEqual([]);
  expect(teller.look(true, [node('core', 1_000), node('ddp', 1_000)], 104_000)).toBe(1);
  expect(told).toEqual([change('ann', 1, 2)]);
  teller.tell([change('ann', 2, 3)]);
  expect(told).toHaveLength(2);
});

it('waits for nobody longer than its patience', () => {
  teller.busWentDown();
  teller.tell([change('ann', 1, 2)]);
  const nodes = [node('core', 0), node('dead', 60_000, false)];
  expect(teller.look(true, nodes, 0)).toBeUndefined();
  expect(teller.look(true, nodes, PATIENCE_MS - 1)).toBeUndefined();
  expect(teller.look(true, nodes, PATIENCE_MS)).toBe(1);
});

it('begins to wait anew when the bus is lost again', () => {
  teller.busWentDown();
  teller.tell([change('ann', 1, 2)]);
  teller.look(true, [node('core', 60_000)], 0);
  teller.busWentDown();
  expect(teller.look(true, [node('core', 60_000)], PATIENCE_MS)).toBeUndefined();
  expect(teller.look(true, [node('core', 60_000)], 2 * PATIENCE_MS)).toBe(1);
});
