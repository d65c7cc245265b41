import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ServiceBroker } from 'moleculer';
import { readConfig } from '../../lib/config/env';
import { createStore } from '../../lib/store/create-store';
import { IN_MEMORY } from '../../lib/store/embedded-store';
import { activityService } from '../../services/activity.service';
import { callbacksService } from '../../services/callbacks.service';
import { historyService } from '../../services/history.service';
import { presenceService } from '../../services/presence.service';
import { rocketChatService } from '../../services/rocketchat.service';

test('docs/API.md lists every action, and no other', () => {
  const config = readConfig({ DATA_DIR: IN_MEMORY });
  const broker = new ServiceBroker({ logger: false });
  const presence = presenceService({ config, store: createStore(config) });
  const services = [presence, historyService(), activityService(), callbacksService(config), rocketChatService(config)];
  const actions = services.flatMap((schema) => {
    const { name, schema: merged } = broker.createService(schema);
    const published = Object.entries(merged.actions ?? {}).filter(
      ([, action]) => (action as { visibility?: string }).visibility !== 'protected',
    );
    return published.map(([action]) => (name === 'presence' ? action : `${name}.${action}`));
  });
  const document = readFileSync(path.join(__dirname, '../../docs/API.md'), 'utf8');
  const documented = [...document.matchAll(/^\| `([a-z][\w.]+)` \| (?!`code`)/gm)].map(([, name]) => name!);
  expect(documented.sort()).toEqual(actions.sort());
});
