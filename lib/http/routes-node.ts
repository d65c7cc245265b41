import type { Replica } from '../replicas/replicas';
import type { Route } from './route';
import { ref } from './schemas';

/** What concerns the node and whoever asks it. */
export const NODE_ROUTES: readonly Route[] = [
  {
    ...{ method: 'GET', path: '/me', id: 'getMe', tag: 'node', scope: 'read' },
    summary: 'Whose token it is, and what it allows',
    answerOf: (_none: unknown, { caller: { name, scope, uid } }) => ({ name, scope, ...(uid && { uid }) }),
    answer: ref('Me'),
  },
  {
    ...{
      method: 'GET',
      path: '/replicas',
      id: 'listReplicas',
      tag: 'node',
      scope: 'read',
      action: 'presence.replicas',
    },
    summary: 'The nodes of the bus that serve presence; which leads, and which answers this',
    // Whichever node the bus had ask the others, this is the one that answers.
    answerOf: (replicas: readonly Replica[], { nodeID }) => ({
      replicas: replicas.map((replica) => ({ ...replica, here: replica.nodeID === nodeID })),
    }),
    answer: ref('Replicas'),
  },
];
