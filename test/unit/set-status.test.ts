import { read, readUser, type StatusArguments } from '../../lib/wire/contract';
import { isId } from '../../lib/wire/ids';
import { declaredStatus, readStatusItem, requestOf } from '../../lib/wire/set-status';
import { readCallbacks } from '../../lib/callbacks/contract';
import { readSchedules } from '../../lib/schedules/schedule-contract';

const NOW_MS = Date.UTC(2025, 0, 15, 12);
const HALF = '\ud83d';
const meant = (given: StatusArguments) => requestOf(declaredStatus(given, NOW_MS));
const refuses = (field: string) =>
  expect.objectContaining({ type: 'INVALID_ARGUMENT', data: expect.objectContaining({ field }) as object }) as Error;

describe('the arguments of setStatus', () => {
  it('are a status, a text or both; by position, by name and in a batch', () => {
    for (const given of [
      ['u', null, 'brb'],
      { uid: 'u', statusDefault: null, statusText: 'brb' },
      ['u', null, ' brb ', null],
    ]) {
      expect(meant(read.setStatus(given))).toEqual({ kind: 'setText', statusText: 'brb' });
    }
    expect(meant(readStatusItem({ uid: 'u', statusText: '' }))).toEqual({ kind: 'setText', statusText: '' });
    expect(meant(read.setStatus(['u', 'online', ' ']))).toEqual({ kind: 'setOnline' });
    expect(meant(read.setStatus(['u', 'online', 'here']))).toEqual({
      kind: 'setActive',
      claim: { statusDefault: 'online', statusText: 'here', statusSource: 'manual' },
    });
  });

  it.each([[['u']], [['u', null, null]], [{ uid: 'u' }], [['u', null, null, new Date()]]])(
    'are refused where neither is given: %j',
    (given) => expect(() => read.setStatus(given)).toThrow(refuses('statusDefault')),
  );
});

it('toggleBroadcast takes null for false, and still asks for an argument', () => {
  for (const given of [[null], { enabled: null }, [false]])
    expect(read.toggleBroadcast(given)).toEqual({ enabled: false });
  expect(read.toggleBroadcast([true])).toEqual({ enabled: true });
  for (const none of [[], {}]) expect(() => read.toggleBroadcast(none)).toThrow(refuses('enabled'));
  expect(() => read.toggleBroadcast(['yes'])).toThrow(refuses('enabled'));
});

describe('what cannot be stored as UTF-8', () => {
  it('is no id: another would be stored than was given', () => {
    for (const half of [HALF, '\ude00', `a${HALF}b`]) {
      expect(isId(half)).toBe(false);
      expect(() => read.uid([half])).toThrow(refuses('uid'));
      expect(() => readUser({ _id: 'u', roles: [half] })).toThrow(refuses('roles[0]'));
    }
    for (const id of ['😀', 'ä', 'a\nb', 'x'.repeat(256)]) expect(read.uid([id])).toEqual({ uid: id });
  });

  it('is U+FFFD in a text, as a database would make it', () => {
    expect(readUser({ _id: 'u', name: `A${HALF}` }).identity.name).toBe('A\ufffd');
    const claim = { statusDefault: 'busy', statusText: `in${HALF}` };
    const times = { startsAt: new Date(NOW_MS), endsAt: new Date(NOW_MS + 1) };
    expect(readSchedules.schedule({ uid: 'u', claim, ...times }).claim.statusText).toBe('in\ufffd');
    expect(readCallbacks.register(['http://x/', [], [], HALF]).name).toBe('\ufffd');
    expect(readCallbacks.update({ id: 'c', name: '' })).toEqual({ id: 'c', name: '' });
  });
});
