import { ServiceBroker, type ServiceSchema } from 'moleculer';
import { readConfig } from '../../lib/config/env';
import { createStore } from '../../lib/store/create-store';
import { IN_MEMORY } from '../../lib/store/embedded-store';
import type { PresenceStore } from '../../lib/store/port';
import { brokerOptions } from '../../moleculer.config';
import { activityService } from '../../services/activity.service';
import { apiService } from '../../services/api.service';
import { callbacksService } from '../../services/callbacks.service';
import { historyService } from '../../services/history.service';
import { presenceService } from '../../services/presence.service';
import { rocketChatService } from '../../services/rocketchat.service';
import { freePort } from './free-port';
import { ask, type Answer, type Ask } from './http-client';

export const TOKENS = {
  read: 'reading-token-of-the-tests',
  write: 'writing-token-of-the-tests',
  admin: 'admin-token-of-the-tests',
} as const;

const API_TOKENS = Object.entries(TOKENS)
  .map(([scope, token]) => `${scope}er:${scope}:${token}`)
  .join(',');

export interface ApiNodeOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** In place of the one the environment asks for. */
  readonly store?: PresenceStore;
  /** Others that run in the same process. */
  readonly services?: readonly ServiceSchema[];
}

/** A presence node in this process with all its services, asked over HTTP. */
export interface ApiNode {
  readonly broker: ServiceBroker;
  readonly store: PresenceStore;
  readonly url: string;
  ask(asked: Ask): Promise<Answer>;
  /** Calls an action of the presence service as Rocket.Chat does. */
  call<T = unknown>(action: string, ...args: unknown[]): Promise<T>;
  stop(): Promise<void>;
}

/** Tokens for every scope; the embedded store in memory unless the environment says otherwise. */
export async function startApiNode({ env = {}, store: given, services = [] }: ApiNodeOptions = {}): Promise<ApiNode> {
  const port = await freePort();
  const config = readConfig({
    PORT: String(port),
    MS_METRICS_PORT: String(await freePort()),
    LOG_LEVEL: 'error',
    HEARTBEAT_INTERVAL: '1',
    HEARTBEAT_TIMEOUT: '3',
    SKIP_PROCESS_EVENT_REGISTRATION: 'true',
    DATA_DIR: IN_MEMORY,
    DRAIN_TIME: '0',
    API_TOKENS,
    API_RATE_LIMIT: '0',
    API_AUTH_FAILURES: '0',
    ...env,
  });
  const store = given ?? createStore(config);
  const broker = new ServiceBroker({ ...brokerOptions(config), logger: false });
  const ours = [
    presenceService({ config, store }),
    historyService(),
    activityService(),
    callbacksService(config),
    rocketChatService(config),
    apiService(config),
  ];
  for (const service of [...ours, ...services]) broker.createService(service);
  await broker.start();
  const url = `http://127.0.0.1:${port}`;
  return {
    broker,
    store,
    url,
    ask: (asked) => ask(url, asked),
    call: (action, ...args) => broker.call(`presence.${action}`, args),
    stop: () => broker.stop(),
  };
}

/** A node for as long as something is done with it, whatever comes of that. */
export async function withApiNode(options: ApiNodeOptions, work: (node: ApiNode) => Promise<void>): Promise<void> {
  const node = await startApiNode(options);
  try {
    await work(node);
  } finally {
    await node.stop();
  }
}
