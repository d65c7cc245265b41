const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const number = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clockWithSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayAndClock = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** 12345 → '12,345' */
export function count(value) {
  return number.format(value);
}

/** '1 session', '2 sessions' */
export function plural(value, word) {
  return `${count(value)} ${word}${value === 1 ? '' : 's'}`;
}

/** A length of time in the two greatest units that matter: '45 s', '3 min', '2 h 5 min', '3 d 4 h'. */
export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 2 * MINUTE) return `${s} s`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min`;
  if (s < DAY) return two(Math.floor(s / HOUR), 'h', Math.floor((s % HOUR) / MINUTE), 'min');
  return two(Math.floor(s / DAY), 'd', Math.floor((s % DAY) / HOUR), 'h');
}

function two(great, greatUnit, small, smallUnit) {
  return small === 0 ? `${great} ${greatUnit}` : `${great} ${greatUnit} ${small} ${smallUnit}`;
}

/** The same in one unit, for where there is little room: '21 h'. */
export function roughly(ms) {
  return span(ms).split(' ').slice(0, 2).join(' ');
}

/** The time of day; with the date where it is not today. @param {string | number | Date} at */
export function when(at, { seconds = false } = {}) {
  const date = new Date(at);
  if (date.toDateString() !== new Date().toDateString()) return dayAndClock.format(date);
  return (seconds ? clockWithSeconds : clock).format(date);
}

/** '3 min ago' */
export function ago(at, nowMs = Date.now()) {
  return `${roughly(nowMs - new Date(at).getTime())} ago`;
}

/** What a person is called: the name, else the username, else the id. */
export function personName({ uid, name, username }) {
  return name || username || uid;
}

const CAUSES = {
  claim: 'a status was set or taken back',
  connection: 'a device came, went or changed',
  'node-lost': 'the server of a session was lost',
  lease: 'a device sent no heartbeat any more',
  expiry: 'a status was over',
  import: 'imported',
  reconcile: 'put right by the verifying walk',
  outside: 'changed by Rocket.Chat',
};

/** Why something changed, in words. */
export function causeInWords(cause) {
  return CAUSES[cause] ?? cause;
}
