import type { SessionCommand } from '../../domain/sessions';
import type { Session, UserRecord } from '../../domain/types';
import type { SessionWork } from '../../lib/store/port';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
/** Ahead of every real clock, so that a database that expires documents by itself has no say. */
export const NOW = Date.UTC(2040, 0, 1);
/** Stores under test are opened with this. */
export const REFRESH_AFTER_MS = 50 * SECOND;
/** And with this. */
export const HISTORY_DAYS = 30;

export const userRecord = (_id: string, fields: Partial<UserRecord> = {}): UserRecord => ({
  _id,
  username: `${_id}.name`,
  type: 'user',
  roles: ['user'],
  presenceRev: 0,
  ...fields,
});
export const connect = (session: string, instanceId = 'node1'): SessionCommand => ({
  kind: 'connect',
  session,
  instanceId,
});
export const disconnect = (session: string): SessionCommand => ({ kind: 'disconnect', session });
export const away = (session: string): SessionCommand => ({ kind: 'sessionStatus', session, status: 'away' });
export const heartbeat = (session: string): SessionCommand => ({ kind: 'heartbeat', session, instanceId: 'node1' });
export const work = (uid: string, ...commands: SessionCommand[]): SessionWork => ({ uid, commands });
export const session = (id: string, fields: Partial<Session> = {}): Session => ({
  id,
  instanceId: 'node1',
  status: 'online',
  _createdAt: new Date(NOW),
  _updatedAt: new Date(NOW),
  ...fields,
});
