import { applyClaim, type ClaimRequest } from '../../../domain/claims';
import { listClaims } from '../../../domain/claim-list';
import { explain } from '../../../domain/explain';
import { withWrittenStatus } from '../../../domain/held-claims';
import { decide } from '../../../domain/presence';
import type { Claim, Session, Status, UserRecord } from '../../../domain/types';
import { call, clear, end, golf, LATER, NOW, NOW_MS, over, set } from '../../helpers/claim-builders';

const SETS_ONLINE: ClaimRequest = { kind: 'setOnline' };
const KINDS = [{ type: 'bot' }, { type: 'app' }, { type: 'user', roles: ['user', 'bot'] }];
const userWith = (fields: Partial<UserRecord>): UserRecord => ({
  _id: 'u1',
  username: 'u1',
  presenceRev: 1,
  ...fields,
});
const online: Session = { id: 's', instanceId: 'node-1', status: 'online', _createdAt: NOW, _updatedAt: NOW };
const after = (user: UserRecord, requests: ClaimRequest[] = [], sessions: readonly Session[] = []) =>
  decide(user, sessions, requests, undefined, NOW_MS).after;

describe.each(KINDS)('a service user without a session: %j', (kind) => {
  const offline = userWith({ ...kind, status: 'offline', statusConnection: 'offline' });

  test('that is set online is online, through every recompute, until the claims are cleared or ended', () => {
    const set = after(offline, [SETS_ONLINE]);
    expect(set).toMatchObject({
      status: 'online',
      statusConnection: 'offline',
      statusSource: 'manual',
      statusText: '',
    });
    expect(after(set)).toBe(set);
    expect(after(set, [SETS_ONLINE])).toBe(set);
    for (const request of [clear, end()]) expect(after(set, [request]).status).toBe('offline');
    const left = after(after(set, [], [online]), []);
    expect(left).toMatchObject({ status: 'online', statusConnection: 'offline' });
  });

  test('that is set online has no other claim any more, and goes offline at the end that is given', () => {
    const busy = after(offline, [set(golf), set(call)]);
    expect(after(busy, [SETS_ONLINE])).toMatchObject({
      status: 'online',
      previousState: undefined,
      statusId: undefined,
    });
    const until = after(offline, [{ kind: 'setOnline', statusExpiresAt: LATER }]);
    expect(until).toMatchObject({ status: 'online', statusExpiresAt: LATER });
    expect(decide(until, [], [], undefined, LATER.getTime() + 1).after.status).toBe('offline');
  });

  test('that is claimed to be online without a source is online', () => {
    expect(after(offline, [set({ statusDefault: 'online' })]).status).toBe('online');
  });

  test.each<Status>(['online', 'away', 'busy'])('whose status another writer set to %s is shown so', (status) => {
    const written = { ...offline, status };
    const taken = after(written);
    expect(taken).toMatchObject({ status, statusDefault: status, statusSource: 'manual', statusConnection: 'offline' });
    expect(after(taken)).toBe(taken);
    expect(after(written, [clear]).status).toBe('offline');
    expect(listClaims(written, NOW_MS).active).toMatchObject({ status, source: 'manual' });
    const context = {
      nowMs: NOW_MS,
      leaseMs: 1,
      countsFromMs: 0,
      heartbeating: new Set<string>(),
      schedules: [],
      isOwner: true,
    };
    const why = explain(written, [], { ...context, instanceState: () => 'unknown' });
    expect(why).toMatchObject({ agrees: true, status, decidedBy: 'claim-of-service-user' });
  });

  test('that was never looked at before is shown as another writer set it', () => {
    expect(after(userWith({ ...kind, status: 'online', presenceRev: 0 })).status).toBe('online');
  });

  test('is offline where the stored status is that of a session which is gone', () => {
    expect(after({ ...offline, status: 'online', statusConnection: 'online' }).status).toBe('offline');
  });

  test('is offline where the stored status is that of a claim whose time is over', () => {
    const over: Claim = { statusDefault: 'busy', statusSource: 'external', statusExpiresAt: new Date(NOW_MS - 1) };
    expect(after({ ...offline, ...over, status: 'busy' }).status).toBe('offline');
  });
});

test('a person without a session is offline whatever was asked or written', () => {
  const person = userWith({ type: 'user', roles: ['user'], status: 'online', statusConnection: 'offline' });
  expect(withWrittenStatus(person)).toBe(person);
  expect(after(person).status).toBe('offline');
  expect(after(person, [SETS_ONLINE])).toMatchObject({ status: 'offline', statusSource: undefined });
});

test('a person who is set online has no claim any more', () => {
  expect(applyClaim(over(call, golf), SETS_ONLINE, NOW_MS).state).toEqual({ statusDefault: 'online', statusText: '' });
});

describe('a text alone', () => {
  const says = (statusText: string, statusExpiresAt?: Date): ClaimRequest => ({
    kind: 'setText',
    statusText,
    ...(statusExpiresAt && { statusExpiresAt }),
  });
  const text = (state: Parameters<typeof applyClaim>[0], request: ClaimRequest) => applyClaim(state, request, NOW_MS);

  test('changes the text, and nothing else', () => {
    for (const state of [{}, golf, call, over(call, golf), { ...call, statusExpiresAt: LATER }]) {
      expect(text(state, says('brb'))).toEqual({ accepted: true, state: { ...state, statusText: 'brb' } });
    }
    expect(text(golf, says('')).state).toEqual({ ...golf, statusText: '' });
  });

  test('that is there already leaves the very same state', () => {
    expect(text(golf, says('golf')).state).toBe(golf);
    const plain = {};
    expect(text(plain, says('')).state).toBe(plain);
  });

  test('shows neither an invisible user nor a bot that is offline', () => {
    const bot = userWith({ type: 'bot', status: 'offline', statusConnection: 'offline' });
    expect(after(bot, [says('brb')])).toMatchObject({ status: 'offline', statusText: 'brb' });
    const invisible = userWith({ statusDefault: 'offline', statusSource: 'manual', status: 'offline' });
    expect(after(invisible, [says('brb')], [online])).toMatchObject({ status: 'offline', statusText: 'brb' });
  });

  test('has an end of its own where no claim of another has one', () => {
    expect(text({}, says('brb', LATER)).state).toEqual({ statusText: 'brb', statusExpiresAt: LATER });
    expect(text(golf, says('brb', LATER)).state).toEqual({ ...golf, statusText: 'brb', statusExpiresAt: LATER });
    expect(text(call, says('brb', LATER)).state).toEqual({ ...call, statusText: 'brb' });
    const user = after(userWith({}), [says('brb', LATER)], [online]);
    expect(user).toMatchObject({ status: 'online', statusText: 'brb' });
    expect(decide(user, [online], [], undefined, LATER.getTime() + 1).after).toMatchObject({ statusText: '' });
  });
});
