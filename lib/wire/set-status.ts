import type { ClaimRequest } from '../../domain/claims';
import { normalizeStatusText } from '../../domain/text';
import type { Status } from '../../domain/types';
import { kindOf } from './argument-faults';
import { endOf, read, type StatusArguments } from './contract';
import { invalidArgument } from './errors';

/** What a user says of themselves, checked; at least `status` or `text`. */
export interface DeclaredStatus {
  readonly status?: Status;
  readonly text?: string;
  readonly expiresAt?: Date;
}

/** One item of `setStatusMany`. @throws PresenceError INVALID_ARGUMENT */
export function readStatusItem(item: unknown): StatusArguments {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw invalidArgument('item', `must be an object, not ${kindOf(item)}`);
  }
  return read.setStatus(item);
}

/** @throws PresenceError as `endOf` */
export function declaredStatus(given: StatusArguments, nowMs: number): DeclaredStatus {
  const { statusDefault: status, statusText, statusExpiresAt } = given;
  return { status, text: normalizeStatusText(statusText), expiresAt: endOf(statusExpiresAt, nowMs) };
}

/** What is claimed of a user by what they say (contract 2.1, `setStatus`). */
export function requestOf({ status, text, expiresAt: statusExpiresAt }: DeclaredStatus): ClaimRequest {
  if (status === undefined) return { kind: 'setText', statusText: text ?? '', statusExpiresAt };
  if (status === 'online' && !text) return { kind: 'setOnline', statusExpiresAt };
  const claim = { statusDefault: status, statusText: text, statusSource: 'manual' as const };
  return { kind: 'setActive', claim: statusExpiresAt ? { ...claim, statusExpiresAt } : claim };
}
