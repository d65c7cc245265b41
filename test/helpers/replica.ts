import { ServiceBroker } from 'moleculer';
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

export interface Replica {
  readonly broker: ServiceBroker;
  readonly nodeID: string;
  readonly store: PresenceStore;
  stop(): Promise<void>;
}

export interface ReplicaOptions {
  /** Absent: no bus. */
  readonly natsUrl?: string;
  readonly nodeID: string;
  /** Absent: the embedded store, in memory unless DATA_DIR is in `env`. */
  readonly mongoUrl?: string;
  readonly clock?: () => number;
  /** In place of the one the environment asks for. */
  readonly store?: PresenceStore;
  /** With a PORT in it the node serves HTTP, too. */
  readonly env?: Record<string, string>;
}

/** A presence node in this process, with the broker options and the services of the real one. */
export async function startReplica({
  natsUrl,
  nodeID,
  mongoUrl,
  clock,
  store: given,
  env,
}: ReplicaOptions): Promise<Replica> {
  const config = readConfig({
    INSTANCE_ID: nodeID,
    LOG_LEVEL: 'error',
    HEARTBEAT_INTERVAL: '1',
    HEARTBEAT_TIMEOUT: '3',
    SKIP_PROCESS_EVENT_REGISTRATION: 'true',
    DATA_DIR: IN_MEMORY,
    DRAIN_TIME: '0',
    ...(natsUrl ? { TRANSPORTER: natsUrl } : {}),
    ...(mongoUrl ? { MONGO_URL: mongoUrl } : {}),
    ...env,
  });
  const store = given ?? createStore(config);
  const broker = new ServiceBroker({ ...brokerOptions(config), logger: false });
  broker.createService(presenceService({ config, store, clock }));
  const others = [historyService(), activityService(), callbacksService(config), rocketChatService(config)];
  for (const service of others) broker.createService(service);
  if (env?.PORT) broker.createService(apiService(config));
  await broker.start();
  return { broker, nodeID, store, stop: () => broker.stop() };
}
