import { ERROR_CODES } from '../wire/errors';
import type { Schema } from './route';
import { answer, listOf, ref, TEXT, YES_OR_NO } from './schemas';

const ROLE: Schema = { enum: ['owner', 'observer'] };

/** Named schemas of what concerns the node and whoever asks it. */
export const NODE_SCHEMAS: Readonly<Record<string, Schema>> = {
  Me: answer({ name: TEXT, scope: { enum: ['read', 'write', 'admin'] }, 'uid?': TEXT }),
  Replica: answer({ nodeID: TEXT, here: YES_OR_NO, answers: YES_OR_NO, 'role?': ROLE, leader: YES_OR_NO }),
  Replicas: answer({ replicas: listOf(ref('Replica')) }),
  Health: answer({
    healthy: YES_OR_NO,
    nodeID: TEXT,
    bus: { enum: ['connected', 'disconnected', 'none'] },
    presence: YES_OR_NO,
    'store?': { enum: ['there', 'away'], description: 'absent: not asked yet, for the bus is not there' },
    'role?': ROLE,
    missing: listOf({ enum: ['bus', 'store', 'start'] }),
  }),
  Problem: answer({
    type: { type: 'string', format: 'uri-reference' },
    title: TEXT,
    status: { type: 'integer' },
    code: { enum: Object.keys(ERROR_CODES), description: 'stable: what programs compare' },
    detail: { type: 'string', description: 'for people' },
    'field?': { type: 'string', description: 'the argument that is wrong, by its name here' },
    retryable: { type: 'boolean', description: 'the same request may succeed later' },
  }),
};
