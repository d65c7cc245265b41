import type { ServiceBroker } from 'moleculer';
import type { ExplainedClaim, ExplainedSession, Explanation, Timer } from '../../domain/explain';
import type { Status } from '../../domain/types';
import type { UnknownUser } from '../desk/explain-user';
import { printable, say, span } from './text';

/** Says why a user is shown as he is, readable: what `presence.explain` answers. */
export async function presenceCommand(broker: ServiceBroker, uid: string): Promise<void> {
  const said = await broker.call<Explanation | UnknownUser, unknown[]>('presence.explain', [uid]);
  if (said.known) for (const line of linesOf(said)) say(printable(line));
  else say(printable(`${uid}: nothing is stored of such a user`));
}

function linesOf(said: Explanation): string[] {
  const { uid, username, status, because, agrees, due, lastChange, claim, waiting, sessions, timers } = said;
  return [
    `${uid}${username && username !== uid ? ` (${username})` : ''} is ${status}: ${because}`,
    ...(agrees ? [] : [`  but that does not follow from what is stored: ${repairOf(due)}`]),
    ...(lastChange
      ? [`  since ${span(lastChange.agoMs)}, before ${lastChange.from ?? 'never seen'}; cause: ${lastChange.cause}`]
      : []),
    ...(claim ? [`  claim:   ${claimLine(claim)}`] : []),
    ...waiting.map((one) => `  waiting: ${claimLine(one)}`),
    ...sessions.map((one) => `  session: ${sessionLine(one)}`),
    ...timers.map((one) => `  next:    ${timerLine(one)}`),
  ];
}

function repairOf(due: Status | undefined): string {
  return due === undefined
    ? 'Rocket.Chat’s core decides presence here, and this node repairs nothing'
    : `the next verification makes it ${due}`;
}

function claimLine({ statusDefault, statusText, statusSource, statusId, endsInMs }: ExplainedClaim): string {
  const parts = [
    statusDefault,
    statusText && `“${statusText}”`,
    statusSource && `by ${statusSource}`,
    statusId && `id ${statusId}`,
    endsInMs === undefined ? 'without an end' : `ends in ${span(endsInMs)}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function sessionLine({ id, status, instanceId, instance, seenAgoMs, leaseLeftMs }: ExplainedSession): string {
  const lease = leaseLeftMs === undefined ? 'no lease' : `lease ends in ${span(leaseLeftMs)}`;
  return `${id}, ${status}, at ${instanceId} (${instance}), seen ${span(seenAgoMs)} ago, ${lease}`;
}

function timerLine({ what, inMs, session, schedule }: Timer): string {
  const subject = {
    'claim-ends': 'the claim ends',
    'waiting-claim-ends': 'a waiting claim ends',
    'lease-ends': `the lease of ${session} ends`,
    'scheduled-claim-begins': `the claim of ${schedule} begins`,
  };
  return `${subject[what]} in ${span(inMs)}`;
}
