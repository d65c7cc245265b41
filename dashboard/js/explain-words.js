import { causeInWords, plural, span } from './format.js';

const SOURCES = {
  manual: 'the person',
  internal: 'Rocket.Chat (internal)',
  external: 'another system (external)',
};

/** Who made a claim, in words. */
export function sourceInWords(source) {
  return SOURCES[source] ?? 'an unnamed source';
}

/**
 * Why somebody is shown so, as sentences.
 *
 * @param explanation as GET /users/:uid/explain answers it
 */
export function storyOf(explanation) {
  const { known, status, agrees, due, lastChange } = explanation;
  if (known === false) return ['Nothing is stored of this person.'];
  const sentences = [`Shown as ${status}, because ${reasonOf(explanation)}.`];
  if (!agrees) {
    const next =
      due === undefined
        ? 'Rocket.Chat’s core decides presence here, and this node repairs nothing'
        : due !== status
          ? `${due} is due at the next verification`
          : 'it is due to be put right';
    sentences.push(`What is stored does not follow from the rules: ${next}.`);
  }
  if (lastChange) sentences.push(lastChangeInWords(lastChange));
  return sentences;
}

function reasonOf({ decidedBy, because, sessions, claim, statusConnection }) {
  switch (decidedBy) {
    case 'no-session':
      return sessions.length === 0 ? 'there is no session' : `none of ${plural(sessions.length, 'session')} is live`;
    case 'sessions':
      return `${ofSessions(sessions)}, and no claim says otherwise`;
    case 'claim':
      return `${claimInWords(claim)}, and a session is live (by its sessions alone: ${statusConnection})`;
    case 'claim-of-service-user':
      return `${claimInWords(claim)}; bots and apps need no session`;
    default:
      return because;
  }
}

function ofSessions(sessions) {
  if (sessions.length === 1) return `the only session is ${sessions[0].status}`;
  const counts = new Map();
  for (const { status } of sessions) counts.set(status, (counts.get(status) ?? 0) + 1);
  return `of ${sessions.length} sessions ${[...counts].map(([status, n]) => `${n} ${n === 1 ? 'is' : 'are'} ${status}`).join(', ')}`;
}

function claimInWords({ statusDefault, statusSource }) {
  return `${sourceInWords(statusSource)} set ${statusDefault}`;
}

function lastChangeInWords({ from, to, cause, agoMs }) {
  const change = from && to ? `, from ${from} to ${to}` : '';
  return `Last changed ${span(agoMs)} ago${change}: ${causeInWords(cause)}.`;
}

/** What will happen by itself. @param elapsedMs since it was answered */
export function timerInWords({ what, inMs, session }, elapsedMs) {
  const left = inMs - elapsedMs;
  const then = left <= 0 ? 'Any moment' : `In ${span(left)}`;
  switch (what) {
    case 'claim-ends':
      return `${then} the status that holds now ends.`;
    case 'waiting-claim-ends':
      return `${then} a status that waits ends.`;
    case 'lease-ends':
      return `${then} session ${session} ends, unless its device is heard of.`;
    case 'scheduled-claim-begins':
      return `${then} a scheduled status begins.`;
    default:
      return `${then}: ${what}.`;
  }
}

/** Where a session is, in words. */
export function instanceInWords(instance) {
  return (
    { up: 'on the bus', gone: 'gone: its sessions are about to end', unknown: 'not seen on this bus' }[instance] ??
    instance
  );
}
