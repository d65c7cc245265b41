/** A made-up office, for pictures: who is there when, the same each time. */

const FIRST =
  'Ann Ben Clara David Emma Felix Grace Henry Ida Jonas Karin Leo Maya Noah Olga Paul Quinn Rosa Sven Tara'.split(' ');
const LAST = 'Adler Brandt Costa Dietz Ekman Faber Gomes Holm Ivers Jansen Keller Lund'.split(' ');
export const INSTANCES = ['core-1', 'core-2', 'core-3'];
const HEROINE = 'ann.adler';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** 240 people. */
export const PEOPLE = FIRST.flatMap((first) =>
  LAST.map((last) => {
    const username = `${first}.${last}`.toLowerCase();
    return { _id: username, username, name: `${first} ${last}`, roles: ['user'] };
  }),
);

/**
 * What happens in the two days up to a time, in order.
 *
 * @param nowMs when the pictures are taken: half past two in the office
 * @returns {{atMs: number, action: string, params: object}[]} calls of the presence service
 */
export function officeLife(nowMs) {
  const random = randomFrom(7);
  const midnightMs = nowMs - 14.5 * HOUR_MS;
  const calls = [-1, 0].flatMap((day) =>
    PEOPLE.flatMap(({ _id: uid }, i) => dayOf(uid, i, random, midnightMs + 24 * day * HOUR_MS)),
  );
  return [...calls, ...heroine(nowMs)].filter(({ atMs }) => atMs < nowMs).sort((a, b) => a.atMs - b.atMs);
}

/** Three of four people are there on a day. */
function dayOf(uid, i, random, midnightMs) {
  if (uid === HEROINE || random() < 0.25) return [];
  const at = (hour, action, params) => ({ atMs: midnightMs + hour * HOUR_MS, action, params: { uid, ...params } });
  const session = `${uid}-${Math.round(midnightMs / HOUR_MS)}`;
  const comes = 7.2 + 1.2 * random() + 1.2 * random();
  const eats = 11.6 + 1.2 * random();
  const meets = 9.6 + 7 * random();
  const calls = [
    at(comes, 'newConnection', { session, nodeId: INSTANCES[i % 7 < 3 ? 0 : i % 7 < 5 ? 1 : 2] }),
    at(comes + 7.8 + 2 * random(), 'removeConnection', { session }),
  ];
  const shows = (hour, status) => at(hour, 'setConnectionStatus', { session, status });
  if (random() < 0.7) calls.push(shows(eats, 'away'), shows(eats + 0.4 + 0.5 * random(), 'online'));
  if (random() < 0.35) {
    calls.push(at(meets, 'setStatus', { statusDefault: 'busy', statusText: 'In a meeting' }));
    calls.push(at(meets + 0.5 + random(), 'setStatus', { statusDefault: 'online' }));
  }
  return calls;
}

/** Numbers from 0 up to 1. */
function randomFrom(seed) {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** The person whose panel is shown: two devices, a meeting from the calendar, and what she said herself waits. */
function heroine(nowMs) {
  const at = (minutes, action, params) => ({
    atMs: nowMs + minutes * MINUTE_MS,
    action,
    params: { uid: HEROINE, ...params },
  });
  const until = (minutes) => new Date(nowMs + minutes * MINUTE_MS);
  const [laptop, phone] = ['laptop-7f3a', 'phone-19c4'];
  const own = { statusDefault: 'away', statusSource: 'manual', statusText: 'Back at four', statusExpiresAt: until(90) };
  const meeting = { ...own, statusDefault: 'busy', statusSource: 'internal', statusText: 'Quarterly review' };
  return [
    at(-344, 'newConnection', { session: laptop, nodeId: 'core-1' }),
    at(-151, 'newConnection', { session: phone, nodeId: 'core-3' }),
    at(-95, 'setConnectionStatus', { session: laptop, status: 'away' }),
    at(-95, 'setConnectionStatus', { session: phone, status: 'away' }),
    at(-52, 'setConnectionStatus', { session: laptop, status: 'online' }),
    at(-20, 'setActiveState', { claim: { ...meeting, statusExpiresAt: until(40) } }),
    at(-4, 'setActiveState', { claim: own }),
  ];
}

/**
 * Two webhooks: one that takes all, and one that was away for a day and is still.
 *
 * @returns {{callbacks: object[], rows: object[]}} registrations, and what is in the outbox
 */
export function webhooks(nowMs) {
  const at = (minutes) => new Date(nowMs + minutes * MINUTE_MS);
  const common = {
    rev: 1,
    uids: [],
    concurrency: 4,
    secret: 'whsec_bm9ib2R5IG5lZWRzIHRvIGtub3cgdGhpcw==',
    oldSecrets: [],
  };
  const hook = (_id, name, statuses) => ({
    ...common,
    ...{ _id, name, statuses, url: `https://${_id}.example.org/presence`, createdAt: at(0) },
  });
  const row = (minutes, uid, to, more) => ({
    _id: `msg_${String(nowMs + minutes * MINUTE_MS)}_${uid}`,
    callback: 'signs',
    change: { uid, rev: 1, at: at(minutes), from: 'online', to, cause: 'claim' },
    ...{ state: 'waiting', firstAttemptAt: at(minutes), ...more },
  });
  const rows = [
    row(-1490, 'tara.costa', 'busy', {
      ...{ state: 'parked', parkedAt: at(-48), dueAt: at(-48), attempts: 34 },
      lastError: 'the target answered 503',
    }),
    row(-36, 'ann.costa', 'busy', { dueAt: at(21), attempts: 9, lastError: 'the target answered 503' }),
    row(-20, HEROINE, 'busy', { dueAt: at(12), attempts: 7, lastError: 'the target answered 503' }),
  ];
  return { callbacks: [hook('intranet', 'Intranet', []), hook('signs', 'Door signs', ['busy', 'away'])], rows };
}
