import type { Operation } from './operation';
import { CALLBACK_ROUTES } from './routes-callbacks';
import { CLAIM_ROUTES } from './routes-claims';
import { HISTORY_ROUTES } from './routes-history';
import { NODE_ROUTES } from './routes-node';
import { USER_ROUTES } from './routes-users';

/** Everything that is answered over HTTP but pages: the gateway and /openapi.json are both made of this, and of nothing else. */
export const OPERATIONS: readonly Operation[] = [
  ...USER_ROUTES,
  ...CLAIM_ROUTES,
  ...HISTORY_ROUTES,
  ...CALLBACK_ROUTES,
  ...NODE_ROUTES,
];
